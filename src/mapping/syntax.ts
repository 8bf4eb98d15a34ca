/** One value in two languages: JSON (RFC 7643 §2.3) and the string encodings of LDAP syntaxes (RFC 4517). */
import type { Value } from '../directory/entry';
import type { Schema } from '../directory/schema';
import type { AttributeType } from '../scim/resourceType';

/** The SCIM type that an attribute's syntax amounts to. */
export function scimTypeOf(schema: Schema, attribute: string): Exclude<AttributeType, 'complex' | 'decimal'> {
  if (schema.isBinary(attribute)) return 'binary';
  if (schema.isBoolean(attribute)) return 'boolean';
  if (schema.isInteger(attribute)) return 'integer';
  if (schema.isDN(attribute) || holdsOptionalUID(schema, attribute)) return 'reference';
  if (schema.isGeneralizedTime(attribute)) return 'dateTime';
  return 'string';
}

/** Whether values are DNs that may end in a unique identifier: `uniqueMember` (RFC 4517 §3.3.21). */
export function holdsOptionalUID(schema: Schema, attribute: string): boolean {
  return schema.attributeType(attribute)?.syntax === '1.3.6.1.4.1.1466.115.121.1.34';
}

/** A value that does not fit its attribute; the message says what would. */
export class ValueFault extends Error {
  override readonly name = 'ValueFault';
}

/** JSON → the directory's encoding. References are resolved elsewhere. @throws ValueFault */
export function toDirectory(json: unknown, type: AttributeType): Value {
  switch (type) {
    case 'boolean':
      return booleanToDirectory(json);
    case 'integer':
      return integerToDirectory(json);
    case 'binary':
      return binaryToDirectory(json);
    case 'dateTime':
      return dateTimeToDirectory(text(json));
    default:
      return text(json);
  }
}

function text(json: unknown): string {
  if (typeof json === 'string') return json;
  if (typeof json === 'number' || typeof json === 'boolean') return String(json);
  throw new ValueFault(`must be a string, not ${describe(json)}`);
}

function booleanToDirectory(json: unknown): string {
  const word = String(json).toLowerCase();
  if ((typeof json === 'boolean' || typeof json === 'string') && (word === 'true' || word === 'false'))
    return word.toUpperCase();
  throw new ValueFault('must be true or false');
}

function integerToDirectory(json: unknown): string {
  if (typeof json === 'number' && Number.isSafeInteger(json)) return String(json);
  if (typeof json === 'string' && /^\s*[+-]?\d{1,1000}\s*$/.test(json)) return BigInt(json.trim()).toString();
  throw new ValueFault('must be an integer');
}

function binaryToDirectory(json: unknown): Buffer {
  const encoded = text(json).replace(/\s+/g, '');
  // Four characters are three octets: a single one left over is less than one.
  if (!/^[A-Za-z0-9+/_-]*={0,2}$/.test(encoded) || encoded.replace(/=+$/, '').length % 4 === 1)
    throw new ValueFault('must be binary data in base64 (RFC 7643 §2.3.6)');
  return Buffer.from(encoded, 'base64');
}

const dateTime = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?<offset>Z|[+-]\d\d:\d\d)?)?$/;

/** xsd:dateTime or xsd:date (RFC 7643 §2.3.5) → GeneralizedTime in UTC; a GeneralizedTime passes as it is. */
function dateTimeToDirectory(value: string): string {
  if (generalizedTime.test(value)) return value;
  const text = value.toUpperCase();
  const match = dateTime.exec(text);
  // What names no offset is UTC: never the host's local time, which JavaScript would take.
  const utc = text.includes('T') && match?.groups?.offset === undefined ? 'Z' : '';
  const instant = match === null ? Number.NaN : Date.parse(text + utc);
  if (Number.isNaN(instant)) throw new ValueFault('must be a date and time such as 2026-11-21T08:30:00Z');
  return new Date(instant).toISOString().replace(/[-:T]/g, '').replace('.000Z', 'Z');
}

/** RFC 4517 §3.3.13. */
const generalizedTime = /^(\d{4})(\d{2})(\d{2})(\d{2})(?:(\d{2})(\d{2})?)?(?:[.,](\d{1,9}))?(?:Z|([+-]\d{2})(\d{2})?)$/;

/** What nearly all stamps are: seconds in UTC, on a day that every month has. */
const plainTime = /^(?!0000)\d{4}(?:0[1-9]|1[0-2])(?:0[1-9]|1\d|2[0-8])(?:[01]\d|2[0-3])[0-5]\d[0-5]\dZ$/;

/** GeneralizedTime → xsd:dateTime in UTC; undefined when it is no moment that a calendar has (e.g. 000001010000Z). */
export function dateTimeOf(value: string): string | undefined {
  if (plainTime.test(value)) {
    const date = `${value.slice(0, 4)}-${value.slice(4, 6)}-${value.slice(6, 8)}`;
    return `${date}T${value.slice(8, 10)}:${value.slice(10, 12)}:${value.slice(12)}`;
  }
  const match = generalizedTime.exec(value);
  if (match === null) return undefined;
  const [, year = '', month, day, hour, minute, second, fraction = '0', zoneHour = '+00', zoneMinute = '00'] = match;
  if (year === '0000') return undefined;
  const text = `${year}-${month}-${day}T${hour}:${minute ?? '00'}:${second ?? '00'}${zoneHour}:${zoneMinute}`;
  // A fraction is one of the last unit that is given.
  const unit = minute === undefined ? 3_600_000 : second === undefined ? 60_000 : 1000;
  const instant = Date.parse(text) + Math.floor((Number(fraction) * unit) / 10 ** fraction.length);
  return Number.isNaN(instant) ? undefined : new Date(instant).toISOString().replace('.000Z', 'Z');
}

/** The directory's encoding → JSON. A value that breaks its own syntax comes back as the text it is. */
export function fromDirectory(value: Value, type: AttributeType): string | number | boolean {
  if (type === 'binary') return Buffer.from(value as string).toString('base64');
  const string = value.toString();
  if (type === 'boolean')
    return string.toUpperCase() === 'TRUE' ? true : string.toUpperCase() === 'FALSE' ? false : string;
  if (type === 'integer') {
    const number = /^\s*[+-]?\d+\s*$/.test(string) ? Number(string) : Number.NaN;
    return Number.isSafeInteger(number) ? number : string;
  }
  if (type === 'dateTime') return dateTimeOf(string) ?? string;
  return string;
}

function describe(json: unknown): string {
  if (json === null) return 'null';
  if (Array.isArray(json)) return 'a list';
  return typeof json === 'object' ? 'an object' : `a ${typeof json}`;
}
