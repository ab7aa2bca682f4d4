import { InvalidInputError, isJsonObject, type JsonObject } from '#kernel';
import { array, clearable, object, optional, type Decoded, type Decoder } from '../edge/decoder.js';
import { domainName, flag, oneOf, text, textLike } from '../edge/values.js';

const MAX_KEYS = 50;
const MAX_KEY_LENGTH = 40;
const MAX_VALUE_LENGTH = 600;

/** String map; a null value removes the key on update. */
type MetadataInput = Readonly<Record<string, string | null>>;

const metadata: Decoder<MetadataInput> = {
  schema: {
    type: 'object',
    maxProperties: MAX_KEYS,
    propertyNames: { maxLength: MAX_KEY_LENGTH },
    additionalProperties: { type: ['string', 'null'], maxLength: MAX_VALUE_LENGTH },
  },
  decode: (value) => {
    if (!isJsonObject(value)) throw invalidMetadata('metadata must be an object of strings.');
    checkMetadata(value);
    return value as MetadataInput;
  },
};

function checkMetadata(value: JsonObject): void {
  const entries = Object.entries(value);
  if (entries.length > MAX_KEYS) throw invalidMetadata(`metadata takes at most ${MAX_KEYS} keys.`);
  for (const [key, item] of entries) {
    if (key === '' || key.length > MAX_KEY_LENGTH)
      throw invalidMetadata(
        `The metadata key "${key.slice(0, 80)}" must have 1 to ${MAX_KEY_LENGTH} characters.`,
      );
    if (item !== null && typeof item !== 'string')
      throw invalidMetadata(`The metadata value of "${key}" must be a string.`);
    if (item !== null && item.length > MAX_VALUE_LENGTH)
      throw invalidMetadata(
        `The metadata value of "${key}" must have at most ${MAX_VALUE_LENGTH} characters.`,
      );
  }
}

function invalidMetadata(message: string): InvalidInputError {
  return new InvalidInputError(message, { code: 'invalid_metadata' });
}

const externalId = textLike(/^[\x20-\x7e]+$/, 128, 'must consist of printable ASCII characters');

const details = {
  domain_data: optional(
    array(object({ domain: domainName(), state: oneOf(['pending', 'verified']) }), { max: 100 }),
  ),
  /** Older SDKs. Nothing is said about verification, so known domains keep their state and new ones are pending. */
  domains: optional(array(domainName(), { max: 100 })),
  external_id: clearable(externalId),
  metadata: optional(metadata),
  stripe_customer_id: optional(text()),
  allow_profiles_outside_organization: optional(flag()),
};

export const createOrganization = object({ name: text(), ...details });
export const updateOrganization = object({ name: optional(text()), ...details });

type OrganizationBody = Decoded<typeof updateOrganization>;

/** The fields both bodies share, as the store takes them; what was not sent is absent. */
export function organizationDetails(body: OrganizationBody): {
  readonly domains?: readonly { readonly domain: string; readonly state?: 'pending' | 'verified' }[];
  readonly externalId?: string | null;
  readonly stripeCustomerId?: string;
} {
  const domains = body.domain_data ?? body.domains?.map((domain) => ({ domain }));
  return {
    ...(domains === undefined ? {} : { domains }),
    ...(body.external_id === undefined ? {} : { externalId: body.external_id }),
    ...(body.stripe_customer_id === undefined ? {} : { stripeCustomerId: body.stripe_customer_id }),
  };
}

/** Metadata of a new organization: there is nothing yet that a null could remove. */
export function newMetadata(input: MetadataInput | undefined): Record<string, string> {
  const entries = Object.entries(input ?? {}).filter((entry): entry is [string, string] => entry[1] !== null);
  return Object.fromEntries(entries);
}
