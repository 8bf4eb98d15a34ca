/** Dry runs: everything is found out and checked, what would be sent is written down as LDIF, and nothing is sent. */
import type { Modification, Options } from '../directory/directory';
import { LdapError, ResultCode } from '../directory/error';
import { type LdifChange, ldifOf } from '../directory/ldif';
import type { ObjectType } from '../mapping/objectType';
import { ScimError } from '../scim/error';
import type { Context } from '../scim/handler';
import { type ConnectorContext, onBehalfOf } from './context';
import { readEntry } from './export';
import type { ExportPlan } from './exportPlan';
import { modificationsOf } from './modifications';
import { afterRename, dropsOldRdn } from './oldRdn';

/**
 * What a dry run is answered with. Who has asked for it (an administrator) gets the LDIF with status 200. A client that
 * knows nothing of it must not believe that anything was done, or it would never send it again: it gets 403.
 */
export class DryRun extends ScimError {
  constructor(
    readonly plan: ExportPlan,
    readonly ldif: string,
    wanted: boolean,
  ) {
    const what = `${plan.operation} "${plan.dn.toString()}"`;
    const detail = `Dry run: nothing was written. The connector would ${what}; its file holds this back (runProfiles.export.dryRun), and the host's log has the LDIF.`;
    super(wanted ? 200 : 403, undefined, detail, { headers: { 'X-Dry-Run': 'true' } });
  }

  override toJSON(): ReturnType<ScimError['toJSON']> {
    if (this.status !== 200) return super.toJSON();
    const { operation, id, dn, newDN } = this.plan;
    const { schemas, status } = super.toJSON();
    const answer = {
      schemas,
      status,
      detail: 'Dry run: nothing was written.',
      operation,
      ...(id !== undefined && { id }),
      dn: dn.toString(),
      ...(newDN !== undefined && newDN.toString() !== dn.toString() && { newDN: newDN.toString() }),
      ldif: this.ldif,
    };
    return answer;
  }
}

/** What is left to be checked, and what would be sent. @throws LdapError where the directory would refuse it */
export async function rehearsed(
  context: ConnectorContext,
  objectType: ObjectType,
  request: Context,
  plan: ExportPlan,
): Promise<DryRun> {
  await requireParent(context, plan, onBehalfOf(request));
  const ldif = ldifOf(changesOf(plan, objectType), (name) => context.changeLog.isSensitive(objectType, name));
  const { operation, dn } = plan;
  context.changeLog.rehearsed({ operation, dn: dn.toString(), requestId: request.requestId, ldif });
  return new DryRun(plan, ldif, request.dryRun === true);
}

/** Where parents are made, what is missing is no fault. */
async function requireParent(
  { directory, options }: ConnectorContext,
  { operation, dn, newDN = dn, entry }: ExportPlan,
  asked: Options,
): Promise<void> {
  const { parent } = newDN;
  const moves = entry !== undefined || parent?.toString() !== dn.parent?.toString();
  if (!moves || parent === undefined || Object.keys(options.provisioningHierarchy).length > 0) return;
  if ((await readEntry(directory, parent, [], asked)) !== undefined) return;
  throw new LdapError(
    ResultCode.noSuchObject,
    operation === 'create' ? 'add' : 'modifyDN',
    newDN.toString(),
    'the parent is missing',
  );
}

function changesOf(plan: ExportPlan, { schema, attributes }: ObjectType): LdifChange[] {
  const { operation, dn, newDN = dn, entry, before, after, modifications = [], keepsEntry } = plan;
  if (entry !== undefined) return [{ type: 'add', entry }];
  if (operation === 'delete' && keepsEntry !== true) return [{ type: 'delete', dn }];
  const modify = (left: readonly Modification[]): LdifChange[] =>
    left.length > 0 ? [{ type: 'modify', dn: newDN, modifications: left }] : [];
  if (newDN.toString() === dn.toString() || before === undefined || after === undefined) return modify(modifications);
  const deleteOldRdn = dropsOldRdn(dn, after, schema);
  // The rename alone changes the values that name the entry: what is left to be modified is less than was planned.
  const left = modificationsOf(afterRename(before, newDN, deleteOldRdn, schema), after, schema);
  const secrets = modifications.filter(({ attribute }) => attributes.get(schema.canonicalName(attribute))?.secret);
  return [{ type: 'modrdn', dn, newDN, deleteOldRdn }, ...modify([...left, ...secrets])];
}
