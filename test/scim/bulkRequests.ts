/** Bulk requests for tests, and a provider that answers them. */
import type { Resource } from '../../src/scim/resource';
import { openProvider, post } from './memoryProvider';
import { enterprise } from './resourceTypes';

export type Json = Record<string, unknown>;

export const createUser = (bulkId: string, more: Json = {}) => ({
  method: 'POST',
  path: '/Users',
  bulkId,
  data: { userName: bulkId, ...more },
});
export const createGroup = (bulkId: string, ...members: string[]) => ({
  method: 'POST',
  path: '/Groups',
  bulkId,
  data: { displayName: bulkId, members: members.map((value) => ({ value })) },
});
export const manager = (value: string) => ({ [enterprise]: { manager: { value } } });

/** A provider, and what it answers to operations. */
export function opened(overrides = {}) {
  const provider = openProvider({ maxBodyBytes: 200_000, ...overrides });
  const bulk = async (Operations: unknown, more: Json = {}) => {
    const answer = await post(provider.app, { Operations, ...more }, '/Bulk');
    const body = JSON.parse(answer.text) as Json;
    return { status: answer.status, body, results: (body.Operations ?? []) as Json[] };
  };
  const named = (name: string): Resource | undefined =>
    [...provider.users.resources.values(), ...provider.groups.resources.values()].find(
      ({ userName, displayName }) => userName === name || displayName === name,
    );
  return { ...provider, bulk, named };
}

export const statuses = (results: readonly Json[]) => results.map(({ status }) => status);
