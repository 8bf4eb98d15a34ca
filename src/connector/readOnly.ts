/** Connectors that write nothing: because their file says so, or because their directory takes no changes. */
import { traitsOf } from '../directory/traits';
import type { Features } from '../scim/serviceProvider';
import type { ConnectorContext } from './context';

const writing: Features = { writes: true, sort: true, etag: true, changePassword: true };
const readingOnly: Features = { ...writing, writes: false };
const announced = {
  writing: { all: writing, plain: { ...writing, pagination: false } },
  readingOnly: { all: readingOnly, plain: { ...readingOnly, pagination: false } },
};

/** Why nothing is written, and what to do where it should be; undefined where it is. */
export function readOnlyBecause({
  options,
  directory,
}: Pick<ConnectorContext, 'options' | 'directory'>): string | undefined {
  const { readOnly } = traitsOf(directory.description.product);
  if (readOnly !== undefined) return readOnly;
  return options.runProfiles.export.enabled
    ? undefined
    : 'The export run profile of this connector is switched off, so nothing is written: set runProfiles.export.enabled to allow it.';
}

/** What /ServiceProviderConfig announces at this moment; the same object while it is the same. */
export function announcedFeatures(context: Pick<ConnectorContext, 'options' | 'directory'>): Features {
  const { pagination } = context.options.global.published;
  return announced[readOnlyBecause(context) === undefined ? 'writing' : 'readingOnly'][pagination ? 'all' : 'plain'];
}
