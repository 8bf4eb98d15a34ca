/** Which endpoint of a connector a request went to: a word of a bounded set, fit for the label of a metric. */
import type { ServiceProvider } from '../scim/serviceProvider';

const ofEveryConnector = new Set([
  'ServiceProviderConfig',
  'Schemas',
  'ResourceTypes',
  'Bulk',
  'Me',
  '.search',
  'cache',
]);

/** The first segment of a path below the connector's base URI where something is served there, else `other`. */
export function endpointOf(path: string, provider: Pick<ServiceProvider, 'resourceTypes'> | undefined): string {
  const end = path.indexOf('/', 1);
  const segment = path.slice(1, end < 0 ? undefined : end);
  if (ofEveryConnector.has(segment)) return segment;
  const isResourceType = provider?.resourceTypes().some(({ type }) => type.endpoint === `/${segment}`);
  return isResourceType ? segment : 'other';
}

const probes = new Set(['/healthz', '/readyz']);

/** The same for what is no connector's: the probes, else `other`. */
export function ownEndpointOf(path: string): string {
  return probes.has(path) ? path.slice(1) : 'other';
}
