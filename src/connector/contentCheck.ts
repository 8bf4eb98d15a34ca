/** What a connector's account may read and write in its directory, and what there is to follow changes by. */
import { randomBytes } from 'node:crypto';
import type { Directory, SearchNotice } from '../directory/directory';
import type { DN } from '../directory/dn';
import type { Entry } from '../directory/entry';
import { isLdapError, LdapError, Referred, ResultCode } from '../directory/error';
import { traitsOf } from '../directory/traits';
import type { ObjectType } from '../mapping/objectType';
import { oneAnswerText } from '../space/searchNotices';
import { changeSourceOf } from './changeSourceFinding';
import type { ConnectionStep } from './connectionStep';
import { compileObjectTypes } from './objectTypes';
import type { ConnectorOptions } from './options';
import type { ReadScope } from './readScope';

/** Beyond it only "more than" is said: a check is not an import. */
const mostCounted = 10_000;

type Note = (step: ConnectionStep) => void;

/** The steps read, write and changes. Closes the directory. */
export async function checkContent(directory: Directory, options: ConnectorOptions, note: Note): Promise<void> {
  try {
    const { objectTypes, scope, faults } = compileObjectTypes(options, directory.description, directory.schema);
    const wrong = faults.filter(({ severity }) => severity === 'fault').length;
    if (wrong > 0) {
      const message = `the file does not fit the directory: ${wrong} fault${wrong === 1 ? '' : 's'}, listed below`;
      note({ step: 'read', status: 'failed', message });
      return;
    }
    const samples: Sample[] = [];
    for (const objectType of objectTypes) {
      const before = samples.length;
      for (const base of scope.bases) await checkReading(directory, { objectType, base, scope }, note, samples);
      if (samples.length > before) continue;
      const message = `${objectType.name}: nothing in any container. If there should be entries, check class, filter, and what the account may read`;
      note({ step: 'read', status: 'notTested', message });
    }
    await checkWriting(directory, options, samples, note);
    note({ step: 'changes', ...(await changeSourceOf(directory, options)) });
  } finally {
    await directory.close();
  }
}

interface Sample {
  readonly objectType: ObjectType;
  readonly base: DN;
  readonly entry: Entry;
}

async function checkReading(
  directory: Directory,
  { objectType, base, scope: readScope }: Pick<Sample, 'objectType' | 'base'> & { readonly scope: ReadScope },
  note: Note,
  samples: Sample[],
): Promise<void> {
  const { filter, name, anchor } = objectType;
  const where = `${name} below ${base.toString()}`;
  try {
    const sizeLimit = mostCounted + 1;
    const request = { base, scope: 'sub', filter, attributes: [anchor], sizeLimit } as const;
    let seen = 0;
    let first: Entry | undefined;
    let oneAnswer: string | undefined;
    const notice = (told: SearchNotice) => {
      if (told.kind === 'oneAnswer') oneAnswer = told.reason;
    };
    for await (const entry of directory.search(request, { notice })) {
      if (!readScope.contains(entry.dn)) continue;
      first ??= entry;
      seen += 1;
    }
    if (oneAnswer !== undefined)
      note({ step: 'read', status: 'notTested', message: `${where}: ${oneAnswerText(oneAnswer)}` });
    const count = seen > mostCounted ? `more than ${mostCounted}` : String(seen);
    if (first === undefined) {
      note({ step: 'read', status: 'ok', message: `${where}: no entries` });
      return;
    }
    if (anchor !== 'dn' && !first.has(anchor)) {
      const message = `${where}: ${count} entries, but without their anchor ${anchor}: let the account read that attribute`;
      note({ step: 'read', status: 'failed', message });
      return;
    }
    samples.push({ objectType, base, entry: first });
    note({ step: 'read', status: 'ok', message: `${where}: ${count} ${count === '1' ? 'entry' : 'entries'}` });
  } catch (error) {
    if (!(error instanceof LdapError)) throw error;
    note({ step: 'read', status: 'failed', message: `${where}: ${readingFault(error)}` });
  }
}

function readingFault(error: LdapError): string {
  const { result } = error;
  switch (result) {
    case ResultCode.noSuchObject:
      return 'the container does not exist, or the account may not see it (32): correct the partition, or give the account the right to read';
    case ResultCode.insufficientAccessRights:
      return 'the account may not read here (50): give it the right';
    case ResultCode.referral:
      return `the server does not hold this part of the tree${error instanceof Referred ? ` and refers to ${error.urls.join(', ')}` : ''} (10): name the server that does, as a partition with its own connectivity`;
    case ResultCode.sizeLimitExceeded:
    case ResultCode.adminLimitExceeded:
      return `the server ends the search early (${result}): raise the limits of this account`;
    case 'connectionLost':
    case 'timeout':
      return 'its server cannot be reached';
    default:
      return `the search failed (${result})`;
  }
}

async function checkWriting(
  directory: Directory,
  options: ConnectorOptions,
  samples: readonly Sample[],
  note: Note,
): Promise<void> {
  const { readOnly, caution } = traitsOf(directory.description.product);
  if (readOnly !== undefined) {
    note({ step: 'write', status: 'notTested', message: `nothing is ever written: ${readOnly}` });
    return;
  }
  if (!options.runProfiles.export.enabled) {
    note({
      step: 'write',
      status: 'notTested',
      message: 'export is switched off in the file: nothing is ever written',
    });
    return;
  }
  if (caution !== undefined) note({ step: 'write', status: 'notTested', message: caution });
  if (samples.length === 0) {
    const message = 'not tested: there is no entry whose change could be asked for';
    note({ step: 'write', status: 'notTested', message });
  }
  for (const sample of samples) note({ step: 'write', ...(await probeWriting(directory, sample)) });
  if (samples.length > 0) {
    const message = 'adding and deleting entries: not tested, since LDAP cannot ask for that right without using it';
    note({ step: 'write', status: 'notTested', message });
  }
}

/**
 * Asks to delete a value that no entry has, random and 128 bits long. A server that grants the right answers 16 (no such
 * value), one that does not answers 50; neither changes anything (RFC 4511 §4.6: a modify takes place as a whole).
 */
async function probeWriting(
  directory: Directory,
  { objectType, base, entry }: Sample,
): Promise<Pick<ConnectionStep, 'status' | 'message'>> {
  const attribute = probedAttribute(directory, objectType, entry);
  const where = `${objectType.name} below ${base.toString()}`;
  if (attribute === undefined) return { status: 'notTested', message: `${where}: not tested: no attribute to ask for` };
  const value = `connector-host check ${randomBytes(16).toString('hex')}`;
  try {
    await directory.modify(entry.dn, [{ operation: 'delete', attribute, values: [value] }]);
    return { status: 'ok', message: `${where}: the account may change ${attribute}` };
  } catch (error) {
    if (isLdapError(error, ResultCode.noSuchAttribute)) {
      return {
        status: 'ok',
        message: `${where}: the account may change ${attribute} (asked for; nothing was changed)`,
      };
    }
    if (isLdapError(error, ResultCode.insufficientAccessRights)) {
      const message = `${where}: the account may not change ${attribute} (50): give it the right to write, or switch runProfiles.export off`;
      return { status: 'failed', message };
    }
    if (isLdapError(error, ResultCode.unwillingToPerform, ResultCode.referral)) {
      const elsewhere = error instanceof Referred ? ` and refers to ${error.urls.join(', ')}` : '';
      const message = `${where}: this server takes no changes (${error.result})${elsewhere}: name the one that does in connectivity.host`;
      return { status: 'failed', message };
    }
    if (!(error instanceof LdapError)) throw error;
    return {
      status: 'notTested',
      message: `${where}: not tested: the server answers ${error.result}, which says neither`,
    };
  }
}

/** A text that the class allows and that names nothing: `description` where there is one. */
function probedAttribute({ schema }: Directory, { classes, anchor }: ObjectType, entry: Entry): string | undefined {
  const { must, may } = schema.requirements(classes);
  const naming = new Set(entry.dn.rdn?.parts.map(({ type }) => schema.canonicalName(type)));
  const suitable = [...may, ...must].filter(
    ({ name, singleValue, noUserModification, usage }) =>
      !singleValue &&
      !noUserModification &&
      usage === 'userApplications' &&
      !naming.has(schema.canonicalName(name)) &&
      name.toLowerCase() !== anchor.toLowerCase() &&
      name.toLowerCase() !== 'objectclass' &&
      !schema.isBinary(name) &&
      !schema.isDN(name) &&
      schema.attributeType(name)?.syntax === '1.3.6.1.4.1.1466.115.121.1.15' &&
      schema.attributeType(name)?.equality !== undefined,
  );
  const wanted = ['description', 'displayname', 'givenname', 'sn', 'cn'];
  const known = wanted.flatMap((name) => suitable.filter((type) => type.name.toLowerCase() === name));
  return (known[0] ?? suitable[0])?.name;
}
