/** Where the object types of a connector are served, and what speaks against it. */

/** Where SCIM itself and this host serve something else. */
const taken = ['schemas', 'resourcetypes', 'serviceproviderconfig', 'me', 'bulk', 'cache'];

/** Faults of one object type as key and message; `endpoints` remembers those of the types before it. */
export function* endpointFaults(
  { resourceType, endpoint }: { readonly resourceType: string; readonly endpoint?: string | undefined },
  index: number,
  endpoints: Map<string, number>,
): Iterable<[key: 'resourceType' | 'endpoint', message: string]> {
  const key = endpoint === undefined ? 'resourceType' : 'endpoint';
  const path = endpoint ?? `/${resourceType}s`;
  const isStandard = resourceType === 'User' || resourceType === 'Group';
  if (isStandard && path !== `/${resourceType}s`)
    yield [key, `${resourceType} is served at /${resourceType}s (RFC 7644 §3.2): leave endpoint out`];
  if (taken.includes(path.slice(1).toLowerCase()))
    yield [key, `something else is served at ${path}: name another endpoint`];
  const earlier = endpoints.get(path.toLowerCase());
  if (earlier === undefined) endpoints.set(path.toLowerCase(), index);
  else yield [key, `${path} is already the endpoint of objectTypes[${earlier}]: name another endpoint`];
}
