/** What the host has logged of a request. */
import { eventually, type HostProcess } from './hostProcess';

interface Line {
  readonly request: { readonly ldap?: { readonly operations: { operation: string; result: number }[] } };
}

/** The operations that a request asked of the directory, each with its result: `search 0`. The request had this X-Request-Id. */
export async function ldapOf(host: HostProcess, requestId: string): Promise<string[]> {
  const line = await eventually(async () => {
    const found = host.output.split('\n').find((one) => one.startsWith('{') && one.includes(`"id":"${requestId}"`));
    if (found === undefined) throw new Error(`no line of ${requestId} yet`);
    return JSON.parse(found) as Line;
  });
  return (line.request.ldap?.operations ?? []).map(({ operation, result }) => `${operation} ${result}`);
}
