import type { LdapEntry } from './wire/answer.js';
import { SourceError } from '../../sdk/source-error.js';
import type { ServerKind } from './dialect.js';
import { textsOf } from './entry.js';

const AD_CAPABILITIES = ['1.2.840.113556.1.4.800', '1.2.840.113556.1.4.1851'];
export const PAGED_RESULTS = '1.2.840.113556.1.4.319';

export const ROOT_DSE_ATTRIBUTES = [
  'namingContexts',
  'defaultNamingContext',
  'supportedControl',
  'supportedCapabilities',
  'vendorName',
  'vendorVersion',
  'structuralObjectClass',
  'objectClass',
  'dsServiceName',
  'highestCommittedUSN',
  'firstChangeNumber',
  'lastChangeNumber',
];

/** What the server says about itself (root DSE, RFC 4512 5.1). */
export interface ServerFacts {
  readonly kind: ServerKind;
  readonly canPage: boolean;
  /** OIDs of controls. */
  readonly controls: readonly string[];
  /** All naming contexts; below which of them a base is decides where changes are asked for. */
  readonly contexts: readonly string[];
  readonly bases: readonly string[];
  /** Of Active Directory: the domain controller, and how far its changes have come. */
  readonly usn: DomainController | null;
  /** Of 389 DS: which changes its retro changelog still has. */
  readonly changelog: { readonly first: number; readonly last: number } | null;
}

export interface DomainController {
  readonly server: string;
  readonly highest: number;
  /** Null when the account may not read it. */
  readonly invocation: string | null;
}

export function readServerFacts(rootDse: LdapEntry | undefined): ServerFacts {
  const texts = (name: string): string[] => (rootDse === undefined ? [] : textsOf(rootDse, name));
  const contexts = texts('namingcontexts').filter((context) => context !== '');
  const preferred = texts('defaultnamingcontext');
  const [server] = texts('dsservicename');
  const highest = Number(texts('highestcommittedusn')[0]);
  const [first, last] = [Number(texts('firstchangenumber')[0]), Number(texts('lastchangenumber')[0])];
  const controls = texts('supportedcontrol');
  return {
    kind: kindOf(texts),
    canPage: controls.includes(PAGED_RESULTS),
    controls,
    contexts,
    bases: preferred.length > 0 ? preferred : contexts,
    usn: server !== undefined && Number.isSafeInteger(highest) ? { server, highest, invocation: null } : null,
    changelog: Number.isSafeInteger(first) && Number.isSafeInteger(last) ? { first, last } : null,
  };
}

function kindOf(texts: (name: string) => string[]): ServerKind {
  if (texts('supportedcapabilities').some((oid) => AD_CAPABILITIES.includes(oid))) return 'active_directory';
  const classes = [...texts('structuralobjectclass'), ...texts('objectclass')];
  if (classes.includes('OpenLDAProotDSE')) return 'openldap';
  const vendor = [...texts('vendorname'), ...texts('vendorversion')].join(' ');
  return /389|Red Hat Directory/i.test(vendor) ? '389ds' : 'other';
}

/** The bases to search. @throws SourceError when the settings name none and the server does not have exactly one */
export function basesOr(given: readonly string[], facts: ServerFacts): readonly string[] {
  if (given.length > 0) return given;
  if (facts.bases.length === 1) return facts.bases;
  const found = facts.bases.length === 0 ? 'none' : facts.bases.map((base) => `"${base}"`).join(', ');
  throw new SourceError(
    'config_error',
    `Enter where users are: the server names as its naming contexts ${found}.`,
  );
}
