/** What a notification says of a new account. */
import type { Resource } from '../../scim/resource';

/** One mailbox and nothing that could become a second one (RFC 5321 §4.1.2, without quoted local parts). */
const mailbox = /^[^\s,;:<>()"@]{1,64}@[^\s,;:<>()"@]{1,255}$/u;

/** The account's own address: the primary one, else the one for work, else the first. */
export function mailboxOf({ emails }: Resource): string | undefined {
  const all = (Array.isArray(emails) ? emails : []).filter(isObject);
  const chosen = all.find(({ primary }) => primary === true) ?? all.find(({ type }) => type === 'work') ?? all[0];
  const address = chosen?.value;
  return typeof address === 'string' && mailbox.test(address) ? address : undefined;
}

/** The tokens of a new account, but for its DN and password. */
export function accountTokens(resource: Resource, mail = '') {
  const name = isObject(resource.name) ? resource.name : {};
  const userName = text(resource.userName);
  const [givenName, familyName] = [text(name.givenName), text(name.familyName)];
  const displayName =
    text(resource.displayName) || text(name.formatted) || `${givenName} ${familyName}`.trim() || userName;
  return { userName, displayName, givenName, familyName, mail };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
