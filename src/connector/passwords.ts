/**
 * What becomes of passwords on their way into the directory: made up, hashed, left out, sent with the entry or after it.
 * Nothing here is logged, stored or returned.
 */
import { Oid } from '../directory/controls';
import type { Options } from '../directory/directory';
import type { DN } from '../directory/dn';
import { Entry, type EntryAttribute } from '../directory/entry';
import { PasswordRefused } from '../directory/error';
import { hashOf } from '../directory/passwordHash';
import { traitsOf } from '../directory/traits';
import { passwordDetails } from '../mapping/error';
import type { ObjectType } from '../mapping/objectType';
import { defaultPassword, type PasswordOptions } from '../mapping/options';
import { ScimError } from '../scim/error';
import { Secret } from '../telemetry/secret';
import type { ConnectorContext } from './context';
import { randomPassword } from './randomPassword';

/** A password that is set by an operation of its own, before or after the write that it belongs to. */
export interface SeparatePassword {
  readonly password: string;
}

/** What becomes of the password of a new entry. */
export interface NewPassword {
  readonly entry: Entry;
  readonly separate?: SeparatePassword;
  /** The password, where nobody has given one and the policy made one up. */
  readonly madeUp?: Secret;
}

/** The passwords of one object type. */
export class Passwords {
  readonly #context: ConnectorContext;
  readonly #objectType: ObjectType;
  readonly #policy: PasswordOptions;

  constructor(context: ConnectorContext, objectType: ObjectType) {
    this.#context = context;
    this.#objectType = objectType;
    this.#policy = objectType.options.password ?? defaultPassword;
  }

  /** A new entry with the password that it is to be added with, and the one that is to be set afterwards instead. */
  async forCreate(entry: Entry): Promise<NewPassword> {
    const attribute = this.#attributeOf(entry.attributes());
    const given = attribute?.values[0]?.toString();
    const password = this.#initial(given);
    const without = attribute === undefined ? entry : entry.with([{ name: attribute.name, values: [] }]);
    if (password === undefined) return { entry: without };
    const madeUp = given === undefined ? { madeUp: new Secret(password) } : {};
    if (this.#policy.method === 'passwordModify') return { entry: without, separate: { password }, ...madeUp };
    const name = attribute?.name ?? this.#objectType.passwordAttribute;
    const written = { name, values: [await this.#hashed(password)] };
    return { entry: new Entry(entry.dn, [...without.attributes(), written, ...this.#mustChange()]), ...madeUp };
  }

  /** What an update writes of the secrets that were changed, and the password that is to be set by itself instead. */
  async forUpdate(
    secrets: readonly EntryAttribute[],
  ): Promise<{ readonly secrets: readonly EntryAttribute[]; readonly separate?: SeparatePassword }> {
    const attribute = this.#attributeOf(secrets);
    const password = attribute?.values[0]?.toString();
    if (attribute === undefined || password === undefined) return { secrets };
    const others = secrets.filter((other) => other !== attribute);
    if (this.#policy.method === 'passwordModify') return { secrets: others, separate: { password } };
    const written = { name: attribute.name, values: [await this.#hashed(password)] };
    return { secrets: [...others, written, ...this.#mustChange()] };
  }

  /** Sets a password by the password modify operation. */
  async set(dn: DN, separate: SeparatePassword | undefined, options: Options): Promise<void> {
    if (separate === undefined) return;
    const { directory } = this.#context;
    await directory.setPassword(dn, separate.password, options);
    const flag = this.#mustChange();
    if (flag.length === 0) return;
    const modifications = flag.map(({ name, values }) => ({ operation: 'replace' as const, attribute: name, values }));
    await directory.modify(dn, modifications, options);
  }

  /** A refusal by the policy, with what only the connector knows of the password; other errors as they are. */
  explained(error: unknown, isMadeUp: boolean): unknown {
    if (!(error instanceof PasswordRefused) || error.reason === 'unknown') return error;
    const { hash } = this.#policy;
    const reason = passwordDetails[error.reason];
    if (hash !== 'none' && error.reason === 'quality') {
      const detail = `password: the directory's password policy refuses it for "${error.dn}". The connector has hashed it (password.hash is ${hash} in its file), and a policy that checks quality takes no hash (OpenLDAP: pwdCheckQuality 2): set password.hash to none, or let the policy take hashes. Nothing was changed.`;
      return new ScimError(400, 'invalidValue', detail, { cause: error });
    }
    if (!isMadeUp) return error;
    const detail = `password: the directory's password policy refuses the one that the connector has made up for "${error.dn}": ${reason}. Set password.length and password.characters in the connector file to what the policy asks for. Nothing was changed.`;
    return new ScimError(400, 'invalidValue', detail, { cause: error });
  }

  #initial(given: string | undefined): string | undefined {
    const { initial } = this.#policy;
    if (initial === 'none') return undefined;
    if (given !== undefined || initial === 'fromRequest') return given;
    return randomPassword(this.#policy.length, this.#policy.characters, this.#context.random);
  }

  async #hashed(password: string): Promise<string> {
    const { hash } = this.#policy;
    return hash === 'none' ? password : hashOf(password, hash, this.#context.random);
  }

  #attributeOf(attributes: Iterable<EntryAttribute>): EntryAttribute | undefined {
    const { schema, passwordAttribute } = this.#objectType;
    const key = schema.canonicalName(passwordAttribute);
    return [...attributes].find(({ name }) => schema.canonicalName(name) === key);
  }

  #mustChange(): EntryAttribute[] {
    const { directory } = this.#context;
    const flag = this.#policy.mustChange ? traitsOf(directory.description.product).mustChange : undefined;
    if (flag === undefined || directory.schema.attributeType(flag.attribute) === undefined) return [];
    return [{ name: flag.attribute, values: [flag.value] }];
  }
}

/** Whether a directory can do what the file says of passwords; each finding with its key below `password`. */
export function* passwordFindings(
  { hash, method, mustChange }: PasswordOptions,
  passwordAttribute: string,
  { schema, description, supports }: PasswordSurroundings,
): Iterable<{ readonly key: string; readonly message: string; readonly severity: 'fault' | 'notice' }> {
  const quoted = passwordAttribute.toLowerCase() === 'unicodepwd';
  if (hash !== 'none' && quoted)
    yield { key: 'hash', severity: 'fault', message: `${passwordAttribute} takes no hash: set it to "none"` };
  if (hash !== 'none' && method === 'passwordModify') {
    const message =
      'the password modify operation leaves hashing to the directory: set hash to "none", or method to "attribute"';
    yield { key: 'hash', severity: 'fault', message };
  }
  if (method === 'passwordModify' && (quoted || !supports(Oid.passwordModify))) {
    const message = 'the directory does not serve the password modify operation (RFC 3062): leave method out';
    yield { key: 'method', severity: 'fault', message };
  }
  const flag = traitsOf(description.product).mustChange;
  if (mustChange && (flag === undefined || schema.attributeType(flag.attribute) === undefined)) {
    const message =
      'this directory has no attribute that makes a user change the password, or none that is known: set it by a password policy of the directory';
    yield { key: 'mustChange', severity: 'notice', message };
  }
}

/** What {@link passwordFindings} asks of a directory. */
export interface PasswordSurroundings {
  readonly schema: ConnectorContext['directory']['schema'];
  readonly description: ConnectorContext['directory']['description'];
  readonly supports: (oid: string) => boolean;
}
