/** Configuration and log lines made fit to be given away: no secret, no name and no address of a person. */
import { isReference } from '../config/secretReference';
import { isSecretName } from '../telemetry/secret';

const hidden = '[secret]';
/** RDNs of these types name places, not people. */
const placeTypes = new Set(['dc', 'ou', 'o', 'c', 'l', 'st']);
const deepest = 32;

/** A parsed settings file without its secrets; references by name or path stay, since they tell what is wrong. */
export function withoutSecrets(value: unknown, secret = false, depth = 0): unknown {
  if (depth > deepest) return '[…]';
  if (Array.isArray(value)) return value.map((member) => withoutSecrets(member, secret, depth + 1));
  if (typeof value === 'string') return secret ? disguisedReference(value) : value;
  if (typeof value !== 'object' || value === null) return secret ? hidden : value;
  const members = Object.entries(value);
  const writesSecret = members.some(([key, text]) => key === 'target' && isSecretName(String(text)));
  return Object.fromEntries(
    members.map(([key, member]) => {
      const isValue = writesSecret && (key === 'constant' || key === 'expression');
      return [key, withoutSecrets(member, secret || isValue || isSecretName(key), depth + 1)];
    }),
  );
}

function disguisedReference(text: string): string {
  if (!isReference(text)) return hidden;
  // What is sealed, and the digest of a token, are of no use to whoever helps.
  return /^(?:enc|sha256):/.test(text) ? `${text.slice(0, text.indexOf(':') + 1)}${hidden}` : text;
}

const rdn =
  /([A-Za-z][A-Za-z0-9.-]{0,63})=((?:\\{1,2}.|[^,+="'\\\r\n]){1,256})(?=[,+]\s?[A-Za-z][A-Za-z0-9.-]{0,63}=)/g;
const address = /[^\s@"'<>,;:=\\]{1,64}@[^\s@"'<>,;:=\\]{1,253}/g;

/** A text without names of people: RDN values in DNs but for those of places, and mail addresses. */
export function withoutPeople(text: string): string {
  return text
    .replace(rdn, (found, type: string) => (placeTypes.has(type.toLowerCase()) ? found : `${type}=…`))
    .replace(address, '…@…');
}

/** A text without these secrets, whatever led to their being in it. Short ones would only garble it. */
export function without(text: string, secrets: Iterable<string>): string {
  let clean = text;
  for (const secret of secrets) {
    if (secret.length < 4) continue;
    clean = clean.replaceAll(secret, hidden);
    const escaped = JSON.stringify(secret).slice(1, -1);
    if (escaped !== secret) clean = clean.replaceAll(escaped, hidden);
  }
  return clean;
}
