/**
 * LdapError → ScimError, once, by class of cause (RFC 4511 appendix A, RFC 7644 §3.12). The detail comes from this table
 * only: a server's diagnostic may echo the request, so it goes to the log.
 */
import {
  LdapError,
  type PasswordRefusal,
  PasswordRefused,
  Referred,
  RefusedValue,
  ResultCode,
} from '../directory/error';
import { ScimError, type ScimType } from '../scim/error';

/** What a class of causes means to a SCIM client. */
interface Cause {
  readonly status: number;
  readonly scimType?: ScimType;
  /** Completed with the entry's name. Says what happened and what to do. */
  readonly detail: (dn: string) => string;
  /** Seconds after which trying again makes sense. */
  readonly retryAfter?: number;
}

const R = ResultCode;
const unavailable: Cause = {
  status: 503,
  retryAfter: 5,
  detail: () =>
    'The directory is not available at the moment. The request can be repeated; see the host log for the cause.',
};
/** What the connector's account may not do, by operation. */
const missingRights: Readonly<Record<string, string>> = {
  add: 'to add entries in that container',
  delete: 'to delete entries in that container',
  modify: 'to write the attributes of that entry',
  modifyDN: 'to rename entries there, and to add them where they are moved to',
  search: 'to read and search there',
  extended: 'to reset passwords there',
};
const denied = (operation: string, attribute?: string): Cause => {
  const right = attribute === undefined ? missingRights[operation] : `to write ${attribute} of that entry`;
  return {
    status: 403,
    detail: (dn) =>
      `The directory does not allow the connector's account to do this at ${quoted(dn)}: give the account the right ${right ?? 'to write there'}.`,
  };
};
const unwilling: Cause = {
  status: 403,
  detail: (dn) =>
    `The directory is not willing to do this at ${quoted(dn)}: its own policy forbids it, or it is read-only there; see the host log for its words.`,
};
const invalid: Cause = {
  status: 400,
  scimType: 'invalidValue',
  detail: (dn) =>
    `The directory refuses the values for ${quoted(dn)} by its own rules (syntax, schema or policy): see the host log for its words.`,
};
const exists: Cause = {
  status: 409,
  scimType: 'uniqueness',
  detail: (dn) =>
    `An entry or value that must be unique exists already: ${quoted(dn)}. Match the existing entry instead of creating it again.`,
};
const taken = (attribute: string | undefined): Cause => ({
  ...exists,
  detail: (dn) =>
    attribute === undefined
      ? `The directory refuses ${quoted(dn)}: another entry has a value already that must be unique. Match that entry, or send another value.`
      : `${attribute}: another entry has this value already, and the directory wants it unique, so ${quoted(dn)} cannot have it. Match that entry, or send another value.`,
});
const login: Cause = {
  status: 503,
  retryAfter: 60,
  detail: () =>
    "The directory does not accept the connector's own account: check its user name and password with `connector-host check`.",
};

/** Wherever it comes from, a bind too: it is for whoever runs the connector, and following it would show credentials to a server that nobody has named. */
const referral = (urls: readonly string[]): Cause => ({
  status: 503,
  retryAfter: 60,
  detail: (dn) =>
    `The directory refers to another server for ${quoted(dn)}${urls.length === 0 ? '' : ` (${urls.slice(0, 3).join(', ')})`}: the one that is asked is a read-only copy, or does not hold that part of the tree. Referrals are not followed: name the server that takes the change in connectivity.host, or make that part a partition with its own connectivity.`,
});

/** Of RFC 4370. */
const authorizationDenied = 123;

const limited = (limit: string): Cause => ({
  ...unavailable,
  detail: () =>
    `The directory's ${limit} for the connector's account was exceeded. The request can be repeated; if it fails again, raise that limit.`,
});

const byResult: ReadonlyMap<LdapError['result'], Cause> = new Map<LdapError['result'], Cause>([
  ...(
    [
      R.busy,
      R.unavailable,
      R.operationsError,
      R.loopDetect,
      R.canceled,
      'connectionLost',
      'timeout',
      'cancelled',
    ] as const
  ).map((result) => [result, unavailable] as const),
  [R.timeLimitExceeded, limited('time limit')],
  [R.adminLimitExceeded, limited('administrative limit (entries that a search may look at)')],
  [R.unwillingToPerform, unwilling],
  [
    R.affectsMultipleDSAs,
    {
      status: 403,
      detail: (dn) =>
        `${quoted(dn)} cannot be moved there: another server holds that part of the tree, and an entry does not move between servers. Create it there, and delete it here.`,
    },
  ],
  ...([R.strongerAuthRequired, R.confidentialityRequired] as const).map(
    (result) =>
      [
        result,
        {
          status: 503,
          retryAfter: 60,
          detail: () => 'The directory demands an encrypted connection for this: set the binding to SSL or TLS.',
        },
      ] as const,
  ),
  ...([R.invalidCredentials, R.inappropriateAuthentication, R.authMethodNotSupported] as const).map(
    (result) => [result, login] as const,
  ),
  ...(
    [
      R.undefinedAttributeType,
      R.inappropriateMatching,
      R.constraintViolation,
      R.invalidAttributeSyntax,
      R.namingViolation,
      R.objectClassViolation,
      R.notAllowedOnRDN,
      R.objectClassModsProhibited,
      R.noSuchAttribute,
    ] as const
  ).map((result) => [result, invalid] as const),
  [
    R.invalidDNSyntax,
    {
      ...invalid,
      detail: (dn) =>
        `The directory takes ${quoted(dn)} for no valid name: one of its values does not fit the attribute that it is given to there (a country, c, has two letters). Correct the name, or what it is made of.`,
    },
  ],
  ...([R.entryAlreadyExists, R.attributeOrValueExists] as const).map((result) => [result, exists] as const),
  [
    R.notAllowedOnNonLeaf,
    {
      status: 409,
      detail: (dn) => `${quoted(dn)} has entries below it, so it cannot be deleted: remove them first.`,
    },
  ],
  [
    R.assertionFailed,
    {
      status: 412,
      detail: (dn) => `${quoted(dn)} was changed in the meantime: read it again and repeat the change.`,
    },
  ],
  [
    R.sizeLimitExceeded,
    {
      status: 400,
      scimType: 'tooMany',
      detail: () =>
        "More entries match than the directory gives the connector's account: raise its size limit or ask for less.",
    },
  ],
]);

const unexpected: Cause = {
  status: 502,
  detail: (dn) =>
    `The directory answered in a way that the host does not expect${dn === '' ? '' : ` for ${quoted(dn)}`}: see the host log.`,
};

/** Any error of a directory as a ScimError; other errors pass as they are. A missing entry depends on the operation. */
export function toScimError(error: unknown): unknown {
  if (!(error instanceof LdapError)) return error;
  const cause = error instanceof PasswordRefused ? passwordCause(error.reason) : causeOf(error);
  const named = error instanceof RefusedValue && error.why === 'refused' && cause === invalid ? error.attribute : '';
  const headers = cause.retryAfter === undefined ? undefined : { 'Retry-After': String(cause.retryAfter) };
  const detail = `${named ? `${named}: ` : ''}${cause.detail(error.dn)}`;
  return new ScimError(cause.status, cause.scimType, detail, { headers, cause: error });
}

/** Why a policy refuses a password, in words that go on "it …"; none where nobody knows. */
export const passwordDetails: Readonly<Record<PasswordRefusal, string>> = {
  tooShort: 'it is too short',
  quality: 'it is not complex enough',
  inHistory: 'it has been used before',
  rules: 'it is too short, too simple or has been used before (the directory does not say which)',
  tooYoung: 'the present one has been set too short a time ago',
  notAllowed: 'it may not be changed for this entry',
  oldPasswordMissing:
    "the old one would have to be given: let the connector's account change passwords as an administrator",
  unknown: '',
};

/** Words about a password, never the password. */
function passwordCause(reason: PasswordRefusal): Cause {
  const detail = (dn: string) =>
    reason === 'unknown'
      ? `The directory refuses a value for ${quoted(dn)} by its own rules. If it is the password, its password policy forbids it (too short, too simple, or used before); see the host log for its words.`
      : `password: the directory's password policy refuses it for ${quoted(dn)}: ${passwordDetails[reason]}. Nothing was changed; send another one.`;
  return { status: 400, scimType: 'invalidValue', detail };
}

function causeOf(error: LdapError): Cause {
  if (error.result === R.referral) return referral(error instanceof Referred ? error.urls : []);
  const cause = causeOfResult(error);
  if (cause.status === 503) return cause;
  // Whatever a bind or StartTLS is refused for, it is the connector's own session, and no fault of the request.
  if (error.operation === 'bind') return login;
  return error.operation === 'extended' && error.dn === '' ? unavailable : cause;
}

function causeOfResult(error: LdapError): Cause {
  const attribute = error instanceof RefusedValue ? error.attribute : undefined;
  if (error instanceof RefusedValue && error.why === 'taken') return taken(attribute);
  switch (error.result) {
    case R.noSuchObject:
      return noSuchObject(error);
    case R.insufficientAccessRights:
    case authorizationDenied:
      return denied(error.operation, attribute);
    case R.other:
      return isLongName(error) ? longName : unexpected;
    default:
      return byResult.get(error.result) ?? unexpected;
  }
}

/** OpenLDAP's index of names takes so many octets, and refuses longer ones as anything else that goes wrong inside of it. */
const LONG_NAME = 240;
const longName: Cause = {
  status: 400,
  scimType: 'invalidValue',
  detail: (dn) =>
    `The directory does not store ${quoted(dn)}, most likely because the name is too long for its index of names (OpenLDAP takes some ${LONG_NAME} octets): shorten the value that names the entry, or name entries by another attribute.`,
};

function isLongName({ operation, dn, diagnostic }: LdapError): boolean {
  if (operation === 'modifyDN') return diagnostic.startsWith('DN index add failed');
  const [rdn = ''] = /^(?:[^,\\]|\\.)*/s.exec(dn) ?? [];
  return operation === 'add' && Buffer.byteLength(rdn) > LONG_NAME;
}

/** 32 means another thing to each operation: on add and rename the parent is missing, elsewhere the entry is. */
function noSuchObject(error: LdapError): Cause {
  if (error.operation === 'add' || error.operation === 'modifyDN') {
    return {
      status: 400,
      scimType: 'invalidValue',
      detail: (dn) =>
        `The container above ${quoted(dn)} does not exist: create it, correct the DN expression, or let the connector make parents (provisioningHierarchy).`,
    };
  }
  if (error.operation === 'search')
    return {
      ...unavailable,
      detail: (dn) => `The container ${quoted(dn)} does not exist in the directory: correct it in the connector file.`,
    };
  return { status: 404, detail: (dn) => `${quoted(dn)} is not in the directory.` };
}

function quoted(dn: string): string {
  return dn === '' ? 'the root entry' : `"${dn.length > 300 ? `${dn.slice(0, 300)}…` : dn}"`;
}
