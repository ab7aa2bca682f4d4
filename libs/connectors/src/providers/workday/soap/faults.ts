import type { SourceAnswer, Verdict } from '../../../sdk/http/source-http.js';
import { SourceError } from '../../../sdk/source-error.js';
import { meaningOf, quoted } from '../errors.js';
import { elementAt, elementsAt, readXml, textAt, type XmlElement } from './xml.js';

const SOAP = 'http://schemas.xmlsoap.org/soap/envelope/';

/** Of an answer that may hold a fault; a whole page of workers is not searched for one. */
const MAX_FAULT = 100_000;

/** A fault comes with status 500, whatever it means; some gateways send it with 200. */
export function judgeSoap(answer: SourceAnswer): Verdict | undefined {
  const { status, text } = answer;
  if (status === 401 || status === 429) return undefined;
  const facts = { status };
  if (text.length <= MAX_FAULT && /[:<]Fault[\s>]/.test(text)) {
    const fault = faultIn(text);
    if (fault !== undefined) return verdictOn(fault, facts);
  }
  if (status < 400) return undefined;
  const error = meaningOf(text.slice(0, 10_000), facts);
  return error === undefined ? undefined : { kind: 'fail', error };
}

interface Fault {
  readonly code: string;
  readonly message: string;
}

/** Undefined for what is no fault after all, or no XML. */
function faultIn(text: string): Fault | undefined {
  const body = soapBody(text);
  const fault = elementAt(body, 'Fault');
  if (fault === undefined) return undefined;
  const errors = elementsAt(fault, 'detail/Validation_Fault/Validation_Error');
  const details = errors.flatMap((error) =>
    ['Message', 'Detail_Message'].map((name) => textAt(error, name)).filter((found) => found !== undefined),
  );
  return {
    code: textAt(fault, 'faultcode') ?? '',
    message: [...new Set([textAt(fault, 'faultstring') ?? '', ...details])].join(' '),
  };
}

function soapBody(text: string): XmlElement | undefined {
  try {
    return elementAt(readEnvelope(text), 'Body');
  } catch (error) {
    if (error instanceof SourceError) return undefined;
    throw error;
  }
}

/** @throws SourceError for anything but a SOAP 1.1 envelope */
export function readEnvelope(text: string): XmlElement {
  const root = readXml(text);
  if (root.name === 'Envelope' && root.namespace === SOAP) return root;
  throw new SourceError(
    'source_changed_shape',
    root.name.toLowerCase() === 'html'
      ? 'Workday sent a web page where SOAP was expected. Check host and tenant.'
      : 'Workday sent XML that is no SOAP envelope.',
  );
}

/** Only failures of processing pass by themselves. */
function verdictOn({ code, message }: Fault, facts: Readonly<Record<string, unknown>>): Verdict {
  const noted = { ...facts, fault: quoted(code) };
  const known = meaningOf(`${code} ${message}`, noted);
  if (known !== undefined) return { kind: 'fail', error: known };
  if (/processingFault|^[^.]*Server/i.test(code))
    return {
      kind: 'retry',
      error: new SourceError('source_unavailable', 'Workday had a failure of its own (processing fault).', {
        facts: noted,
      }),
    };
  return {
    kind: 'fail',
    error: new SourceError(
      'config_error',
      `Workday did not accept the request: ${quoted(message)}. Check version, tenant, and that the clock of this server is right.`,
      { facts: noted },
    ),
  };
}
