/** A service provider over a map, small enough to be beyond doubt. */
import type { IncomingMessage } from 'node:http';
import express, { type Express } from 'express';
import supertest from 'supertest';
import { missingRequired } from '../../src/scim/dialect';
import { ScimError } from '../../src/scim/error';
import { matcher } from '../../src/scim/filterEvaluate';
import type { Context, ResourceHandler } from '../../src/scim/handler';
import type { Resource } from '../../src/scim/resource';
import type { ResourceType } from '../../src/scim/resourceType';
import { createScimRouter, type ServiceProvider } from '../../src/scim/router';
import { ecma, enterprise, groupType, userType } from './resourceTypes';

/** Keeps what it is told and what it was told last. */
export class MemoryHandler implements ResourceHandler {
  readonly resources = new Map<string, Resource>();
  lastContext: Context | undefined;
  #next = 1;

  constructor(private readonly type: ResourceType) {}

  async create(resource: Resource, context: Context): Promise<Resource> {
    this.lastContext = context;
    const missing = missingRequired(resource, this.type);
    if (missing.length > 0) throw ScimError.invalidValue(`Missing: ${missing.join(', ')}.`);
    return this.#save(`id/${this.#next++}`, resource);
  }

  async get(id: string): Promise<Resource> {
    const resource = this.resources.get(id);
    if (!resource) throw ScimError.notFound(`No ${this.type.name} has the id ${id}.`);
    return resource;
  }

  async query(query: Parameters<ResourceHandler['query']>[0]) {
    const { filter, startIndex, after, count } = query;
    const found = [...this.resources.values()].filter((resource) => !filter || matcher(filter)(resource));
    const begin = after === undefined ? startIndex - 1 : Number(after);
    const end = begin + count;
    return {
      totalResults: found.length,
      resources: found.slice(begin, end),
      ...(after !== undefined && end < found.length && { end: String(end) }),
    };
  }

  async update(id: string, change: Parameters<ResourceHandler['update']>[1], context: Context) {
    this.lastContext = context;
    const current = await this.get(id);
    requireVersion(current, context);
    return this.#save(id, change.apply(current));
  }

  async delete(id: string, context: Context): Promise<void> {
    requireVersion(await this.get(id), context);
    this.resources.delete(id);
  }

  #save(id: string, resource: Resource): Resource {
    const before = Number(/\d+/.exec(this.resources.get(id)?.meta?.version ?? '0')?.[0]);
    const saved = { ...resource, id, meta: { resourceType: this.type.name, version: `W/"${before + 1}"` } };
    this.resources.set(id, saved);
    return saved;
  }
}

function requireVersion({ meta }: Resource, { ifMatch }: Context): void {
  if (ifMatch && !ifMatch.some((tag) => tag.replace(/^W\//, '') === meta?.version?.replace(/^W\//, ''))) {
    throw ScimError.preconditionFailed('The resource has another version.');
  }
}

/** An application with the router mounted as a host would, and what was noted and logged. */
export function openProvider(overrides: Partial<ServiceProvider> = {}) {
  const users = new MemoryHandler(userType);
  const groups = new MemoryHandler(groupType);
  const notes: Record<string, unknown> = {};
  const errors: unknown[] = [];
  const endpoints = [
    { type: userType, handler: users as ResourceHandler },
    { type: groupType, handler: groups as ResourceHandler },
  ];
  const provider: ServiceProvider = {
    baseUri: (request: IncomingMessage) => `https://${request.headers['x-host'] ?? 'host.example'}/ecma2host_X/scim`,
    resourceTypes: () => endpoints,
    features: { writes: true, sort: false, etag: true, changePassword: false },
    maxResults: 3,
    maxBodyBytes: 2000,
    requestTimeoutMs: 5000,
    contextOf: () => ({
      requestId: 'r1',
      actor: 'test',
      note: (key, value) => {
        notes[key] = value;
      },
    }),
    onError: (error) => errors.push(error),
  };
  // Getters too: what they answer may change.
  Object.defineProperties(provider, Object.getOwnPropertyDescriptors(overrides));
  const app = express().use('/ecma2host_X/scim', createScimRouter(provider));
  return { app, users, groups, notes, errors, endpoints };
}

/** Where the router is mounted. */
export const base = '/ecma2host_X/scim';

/** POSTs a SCIM message. */
export function post(app: Express, body: unknown, path = '/Users'): supertest.Test {
  return supertest(app)
    .post(base + path)
    .set('Content-Type', 'application/scim+json')
    .send(JSON.stringify(body));
}

/** A provider with one user, `id/1`, and a GET that parses what it gets. */
export async function withBarbara(overrides = {}) {
  const opened = openProvider(overrides);
  await post(opened.app, {
    userName: 'barbara',
    name: { givenName: 'Barbara', familyName: 'Jensen' },
    emails: [{ value: 'b@x', type: 'work' }],
    password: 'secret',
    [ecma]: { sn: 'Jensen', mail: 'b@x', export_password: 'secret', employeeType: 'e' },
    [enterprise]: { department: 'D' },
  }).expect(201);
  const get = (path: string) =>
    supertest(opened.app)
      .get(base + path)
      .buffer(true)
      .parse((response, done) => {
        let text = '';
        response.on('data', (chunk: Buffer) => {
          text += chunk.toString();
        });
        response.on('end', () => done(null, text === '' ? undefined : JSON.parse(text)));
      });
  return { ...opened, get };
}
