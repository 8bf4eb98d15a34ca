/** Flows of the file as this product and this schema have them: the product's own way to disable, and values that fit. */
import type { DirectoryDescription } from '../directory/directory';
import type { Schema } from '../directory/schema';
import { checkSyntax } from '../directory/syntax';
import { traitsOf } from '../directory/traits';
import { scimTypeOf } from '../mapping/syntax';
import type { BitsFlow, Fault, FlowOptions, ObjectTypeOptions } from './options';

/** An object type whose flows have values, and what is wrong with them. */
export interface ProductFlows {
  readonly options: ObjectTypeOptions;
  readonly faults: readonly Fault[];
}

/** Puts the product's way to disable where the file leaves it to the product, and checks each value against its syntax. */
export function withProductFlows(
  options: ObjectTypeOptions,
  description: DirectoryDescription,
  schema: Schema,
  path: string,
): ProductFlows {
  const faults: Fault[] = [];
  const resolve = <T extends FlowOptions | undefined>(flow: T, key: string): T | FlowOptions => {
    if (flow?.action === 'setBits') faults.push(...bitsFaults(flow, schema, `${path}.deprovisioning.${key}.attribute`));
    if (flow?.action !== 'setAttribute') return flow;
    const at = `${path}.deprovisioning.${key}.values`;
    if (Object.keys(flow.values).length > 0) {
      faults.push(...valueFaults(flow.values, schema, at));
      return flow;
    }
    const { disable, name } = traitsOf(description.product);
    if (disable !== undefined && schema.attributeType(disable.attribute) !== undefined)
      return 'bits' in disable
        ? { action: 'setBits', ...disable }
        : { action: 'setAttribute', values: { [disable.attribute]: disable.value } };
    const reason =
      disable === undefined
        ? `there is no attribute that disables every entry of this product (${name})`
        : `the directory's schema has no ${disable.attribute}, which disables entries of this product (${name})`;
    faults.push({ path: at, message: `${reason}: name the attribute and its value`, severity: 'fault' });
    return flow;
  };
  const disableFlow = resolve(options.disableFlow, 'disableFlow');
  const deleteFlow = resolve(options.deleteFlow, 'deleteFlow');
  return { options: { ...options, ...(disableFlow === undefined ? {} : { disableFlow }), deleteFlow }, faults };
}

/** Bits belong to an integer with one value. An attribute that the directory does not have is found elsewhere. */
function* bitsFaults({ attribute }: BitsFlow, schema: Schema, path: string): Iterable<Fault> {
  const type = schema.attributeType(attribute);
  if (type === undefined || (type.singleValue && scimTypeOf(schema, attribute) === 'integer')) return;
  const message = `${attribute} is no integer with one value, so it has no bits to set: name another attribute, or use setAttribute`;
  yield { path, message, severity: 'fault' };
}

/** Values that the directory would refuse; attributes that it does not have are found elsewhere. */
function* valueFaults(
  values: Readonly<Record<string, string | readonly string[]>>,
  schema: Schema,
  path: string,
): Iterable<Fault> {
  for (const [name, given] of Object.entries(values)) {
    const type = schema.attributeType(name);
    const all = [given].flat();
    if (type?.singleValue && all.length > 1)
      yield { path: `${path}.${name}`, message: `${name} has one value at most: name one`, severity: 'fault' };
    for (const value of type === undefined ? [] : all) {
      const complaint = checkSyntax(type?.syntax ?? '', value);
      if (complaint === undefined) continue;
      const message = `"${value.slice(0, 100)}" is no value of ${name}: it ${complaint}`;
      yield { path: `${path}.${name}`, message, severity: 'fault' };
    }
  }
}
