/**
 * What servers say in words beside a result code, where the code alone means another thing to each of them. A table of
 * words, each seen on a real server or in its vendor's documents. Only names of attributes are taken out of them: the
 * rest may echo the request.
 */
import { LdapError, RefusedValue, ResultCode } from './error';

const R = ResultCode;

/** Words that mean another result code than the one that they come with. */
interface Reading {
  readonly results: readonly number[];
  /** Only of this operation. */
  readonly operation?: string;
  readonly words: RegExp;
  readonly means: number;
}

const READINGS: readonly Reading[] = [
  // Samba; ApacheDS.
  {
    results: [R.operationsError, R.other],
    operation: 'modifyDN',
    words: /parent does not exist|ERR_256_NO_SUCH_OBJECT/,
    means: R.noSuchObject,
  },
  // Samba and Active Directory, of members that are there already, and of those that are not.
  {
    results: [R.entryAlreadyExists],
    operation: 'modify',
    words: /^Attribute \S{1,80} already exists for target|^00000562:/,
    means: R.attributeOrValueExists,
  },
  {
    results: [R.unwillingToPerform],
    operation: 'modify',
    words: /^Attribute \S{1,80} (?:doesn't exist|already deleted) for target|^00000561:/,
    means: R.noSuchAttribute,
  },
  // Samba and Active Directory; OpenLDAP.
  {
    results: [R.operationsError, R.strongerAuthRequired],
    words: /without authentication|successful bind must be completed|modifications require authentication/,
    means: R.inappropriateAuthentication,
  },
  // ApacheDS: an object class or a value that its schema does not know.
  { results: [R.other], words: /ERR_13735_|ERR_13247_INVALID_VALUE/, means: R.invalidAttributeSyntax },
];

/** Errors of eDirectory, whose LDAP server has no better code for some of them than `other`. */
const NDS: Readonly<Record<string, number>> = {
  '-150': R.unavailable,
  '-601': R.noSuchObject,
  '-602': R.noSuchAttribute,
  '-603': R.noSuchAttribute,
  '-606': R.entryAlreadyExists,
  '-608': R.objectClassViolation,
  '-609': R.objectClassViolation,
  '-611': R.namingViolation,
  '-613': R.invalidAttributeSyntax,
  '-614': R.attributeOrValueExists,
  '-625': R.unavailable,
  '-626': R.unavailable,
  '-629': R.notAllowedOnNonLeaf,
  '-636': R.unavailable,
  '-654': R.busy,
  '-663': R.unavailable,
  '-672': R.insufficientAccessRights,
  '-698': R.busy,
};
const NDS_ERROR = /NDS error: [^()\n]{0,100}\((-\d{3})\)/;

const NAME = '([A-Za-z][A-Za-z0-9.;-]{0,80})';

/** Another entry has a value that must be unique: unlike its name, that is no matter of the tree. */
const TAKEN: readonly RegExp[] = [
  // OpenLDAP (slapo-unique), which does not say which attribute.
  /some attributes not unique/,
  // 389 Directory Server and its relatives.
  new RegExp(`same attribute value already exists \\(attribute: "${NAME}"\\)`),
  // OpenDJ, OpenDS.
  new RegExp(`unique attribute conflict was detected for attribute ${NAME}`),
  // Samba.
  new RegExp(`samldb: ${NAME} '[^']{0,300}' (?:is )?already in use`),
  // Active Directory: user and service principal names.
  /^000021C[78]:/,
];

const MAY_BE_TAKEN: readonly number[] = [R.constraintViolation, R.attributeOrValueExists, R.entryAlreadyExists];

/** Where an attribute is named that a schema, a syntax or a right is against. */
const NAMED: readonly RegExp[] = [
  // OpenLDAP.
  new RegExp(
    `^(?:modify/[a-z]+: )?${NAME}: (?:value #\\d|attribute type undefined|multiple values|no user modification)`,
  ),
  new RegExp(`^attribute '${NAME}' not allowed`),
  new RegExp(`^object class '[^']{0,80}' requires attribute '${NAME}'`),
  // 389 Directory Server and its relatives.
  new RegExp(`^(?:single-valued )?attribute "${NAME}" (?:not allowed|has multiple values)`),
  new RegExp(`^missing attribute "${NAME}" required`),
  new RegExp(`^Insufficient '[a-z]+' privilege to the '${NAME}' attribute`),
  // Samba, Active Directory.
  new RegExp(`^[0-9A-F]{8}: objectclass_attrs: attribute '${NAME}' on entry`),
  new RegExp(`^[0-9A-F]{8}: SINGLE-VALUE attribute ${NAME} on `),
  new RegExp(`, Att [0-9a-f]{1,8} \\(${NAME}\\)`),
  // ApacheDS.
  new RegExp(`ERR_277 Attribute ${NAME} not declared`),
  new RegExp(`ERR_279 Required attributes \\[${NAME}\\(`),
];

const ABOUT_A_VALUE: readonly number[] = [
  R.noSuchAttribute,
  R.undefinedAttributeType,
  R.constraintViolation,
  R.attributeOrValueExists,
  R.invalidAttributeSyntax,
  R.insufficientAccessRights,
  R.unwillingToPerform,
  R.objectClassViolation,
];

/** The longest text that is looked through: ApacheDS echoes whole requests. */
const MOST = 20_000;

/** The error with the result code that its words mean, and the attribute that they are about. Binds are left as they are. */
export function understood(error: LdapError): LdapError {
  const { result, operation } = error;
  if (typeof result !== 'number' || operation === 'bind') return error;
  const text = error.diagnostic.slice(0, MOST);
  const taken = MAY_BE_TAKEN.includes(result) ? TAKEN.map((words) => words.exec(text)).find(Boolean) : undefined;
  if (taken) return new RefusedValue(withResult(error, R.constraintViolation), 'taken', taken[1]);
  const means = meaning(result, operation, text);
  const read = withResult(error, means);
  const named = ABOUT_A_VALUE.includes(means) ? NAMED.map((words) => words.exec(text)?.[1]).find(Boolean) : undefined;
  return named === undefined ? read : new RefusedValue(read, 'refused', named);
}

/** What the server has really answered stands before its words. */
function withResult(error: LdapError, result: number): LdapError {
  if (result === error.result) return error;
  const { operation, dn, diagnostic, sent } = error;
  return new LdapError(result, operation, dn, `result code ${error.result}: ${diagnostic}`, sent);
}

function meaning(result: number, operation: string, text: string): number {
  const nds = result === R.other || result === R.operationsError ? NDS[NDS_ERROR.exec(text)?.[1] ?? ''] : undefined;
  if (nds !== undefined) return nds;
  const reading = READINGS.find(
    (each) =>
      each.results.includes(result) &&
      (each.operation === undefined || each.operation === operation) &&
      each.words.test(text),
  );
  return reading?.means ?? result;
}
