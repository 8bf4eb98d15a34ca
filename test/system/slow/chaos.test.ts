/**
 * Two thousand mixed operations while everything breaks: the directory is killed, paused and cut off at random, and the
 * host is killed three times. Half of the clients use a connector whose entries are known by their names and are disabled by
 * a move, so that the host has more to remember than what the directory can tell it. What was acknowledged must then be what the directory holds; what was not may have happened
 * or not. `CHAOS_SEED` repeats a run's decisions (its timing is the machine's own).
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Person, personOf } from '../../support/chaosPerson';
import { connectivity, people } from '../../support/connectorFiles';
import { disturb } from '../../support/disturbances';
import { type FlakyProxy, startFlakyProxy } from '../../support/flakyProxy';
import { eventually, HostProcess, secret } from '../../support/hostProcess';
import { lookInto } from '../../support/ldapLook';
import { type Random, randomOf } from '../../support/random';
import { type Answer, CORE_USER, ECMA_USER, type ScimClient } from '../../support/scimClient';
import { type Slapd, startSlapd } from '../../support/slapd';
import { describeOnSlapd } from '../../support/system';

const OPERATIONS = 2_000;
const CLIENTS = 16;
const HOST_KILLS = [500, 1_000, 1_500];
const SHARED_NAMES = 30;

const seed = Number(process.env.CHAOS_SEED ?? Date.now() % 1_000_000);

const violations: string[] = [];
const persons: Person[] = [];
/** Shared name → numbers of those whose create was answered with 201. */
const winners = new Map<string, string[]>();
const counts = { done: 0, unanswered: 0, givenUp: 0, restarts: 0, disturbances: 0, times503: 0 };

describeOnSlapd('chaos', () => {
  let slapd: Slapd;
  let proxy: FlakyProxy;
  let host: HostProcess;
  let clients: Readonly<Record<string, ScimClient>>;
  let hostUp: Promise<void> = Promise.resolve();
  let started = 0;

  beforeAll(async () => {
    slapd = (await startSlapd({ faults: false })) as Slapd;
    proxy = await startFlakyProxy(slapd.port);
    const wire = { port: proxy.port, operationTimeout: 1.5, connectionTimeout: 2 };
    const file = (disableFlow: object, more: object = {}) =>
      people(
        slapd,
        {
          matchingAttributes: ['employeeNumber'],
          mappings: [
            { source: 'userName', target: 'cn' },
            { source: 'name.familyName', target: 'sn' },
            { source: 'title', target: 'title' },
          ],
          deprovisioning: { disableFlow, deleteFlow: { action: 'delete' } },
          ...more,
        },
        { connectivity: connectivity(slapd, wire) },
      );
    host = await HostProcess.start({
      connectors: {
        // As this product disables.
        chaos: file({ action: 'setAttribute' }),
        named: file({ action: 'move', container: former() }, { anchor: 'dn' }),
      },
      secrets: [slapd.connectorPassword],
    });
    connect();
  });

  const former = () => `ou=former,${slapd.suffix}`;
  const connect = () => {
    clients = { chaos: host.client('chaos'), named: host.client('named') };
  };
  const clientOf = ({ connector }: Pick<Person, 'connector'>) => clients[connector] as ScimClient;

  afterAll(async () => {
    slapd?.resume();
    await host?.end();
    await proxy?.close();
    await slapd?.stop();
  });

  /** Undefined: no answer, or one that says that the outcome is not known. */
  async function attempt(send: () => Promise<Answer>): Promise<Answer | undefined> {
    await hostUp;
    try {
      const answer = await send();
      if (answer.status !== 503) return answer;
      counts.times503 += 1;
    } catch {
      // The host has died, or was not there.
    }
    counts.unanswered += 1;
    return undefined;
  }

  /** Repeats until there is an answer, as an identity provider does in its next cycles, or gives up. */
  async function acknowledged(random: Random, send: () => Promise<Answer>) {
    const patience = random.next() < 0.7 ? 40 : 1;
    for (let tries = 1; tries <= patience; tries += 1) {
      const answer = await attempt(send);
      if (answer !== undefined) return { answer, repeated: tries > 1 };
      await sleep(random.between(50, 400));
    }
    counts.givenUp += 1;
    return undefined;
  }

  const violated = (what: string, { status, text }: Answer) => {
    violations.push(`${what}: ${status} ${text.slice(0, 300)}`);
  };

  async function create(
    random: Random,
    connector: string,
    mine: Person[],
    userName: string,
    shared: boolean,
  ): Promise<void> {
    const number = String(100_000 + persons.length);
    const person = personOf(connector, number, userName, secret(`chaos-${number}`));
    persons.push(person);
    const body = {
      schemas: [CORE_USER],
      userName,
      title: 'New',
      name: { familyName: 'Chaos' },
      password: person.password,
      [ECMA_USER]: { employeeNumber: number },
    };
    const end = await acknowledged(random, () => clientOf(person).post('/Users', body));
    if (end === undefined) {
      person.left = true;
    } else if (end.answer.status === 201) {
      person.id = String(end.answer.body.id);
      person.mayBeGone = false;
      // A name that others want is never given up again, so that it can be given once only.
      person.left = shared;
      mine.push(person);
      if (shared) winners.set(userName, [...(winners.get(userName) ?? []), number]);
    } else if (end.answer.status === 409 && shared) {
      person.mayBeThere = false;
      person.left = true;
    } else {
      person.left = true;
      violated(`create ${userName}`, end.answer);
    }
  }

  async function change(random: Random, person: Person, path: string, value: unknown): Promise<void> {
    const end = await acknowledged(random, () =>
      clientOf(person).patch(`/Users/${person.id}`, { op: 'replace', path, value }),
    );
    const isKnown = end?.answer.status === 200;
    const [before, after] = [end?.answer.body[path], value];
    if (end !== undefined && !isKnown) violated(`change ${path} of ${person.number}`, end.answer);
    if (isKnown && before !== after) violated(`answer to ${path}=${String(value)}`, end.answer);
    person.left ||= !isKnown;
    const apply = <T>(values: Set<T>) => (isKnown ? new Set([value as T]) : new Set([...values, value as T]));
    if (path === 'title') person.titles = apply(person.titles);
    else if (path === 'active') person.actives = apply(person.actives);
    else person.names = apply(person.names);
  }

  async function remove(random: Random, person: Person): Promise<void> {
    const end = await acknowledged(random, () => clientOf(person).delete(`/Users/${person.id}`));
    person.left = true;
    person.mayBeGone = true;
    if (end === undefined) return;
    if (end.answer.status === 204 || (end.answer.status === 404 && end.repeated)) person.mayBeThere = false;
    else violated(`delete ${person.number}`, end.answer);
  }

  async function look(person: Person): Promise<void> {
    const [name] = person.names;
    const filter = encodeURIComponent(`userName eq "${name}"`);
    const answer = await attempt(() => clientOf(person).get(`/Users?filter=${filter}`));
    if (answer === undefined) return;
    const found = (answer.body.Resources ?? []) as unknown as { id: string; title: string; active: boolean }[];
    const isRight =
      answer.status === 200 &&
      found.length === 1 &&
      found[0]?.id === person.id &&
      person.titles.has(found[0].title) &&
      person.actives.has(found[0].active);
    if (!isRight) violated(`look-up of ${name} (${[...person.titles]}, ${[...person.actives]})`, answer);
    const nobody = await attempt(() =>
      clientOf(person).get(`/Users?filter=${encodeURIComponent(`userName eq "no-${name}"`)}`),
    );
    if (nobody !== undefined && nobody.body.totalResults !== (0 as unknown)) violated(`look-up of nobody`, nobody);
  }

  async function work(index: number): Promise<void> {
    const random = randomOf(seed * 31 + index);
    const mine: Person[] = [];
    for (let made = 0; started < OPERATIONS; ) {
      started += 1;
      const usable = mine.filter(({ left }) => !left);
      const dice = random.next();
      const person = random.pick(usable);
      if (person === undefined || dice < 0.22) {
        made += 1;
        const shared = random.next() < 0.15;
        const name = shared ? `shared-${Math.floor(random.between(0, SHARED_NAMES))}` : `c${index}-${made}`;
        await create(random, index % 2 === 0 ? 'chaos' : 'named', mine, name, shared);
      } else if (dice < 0.48) await change(random, person, 'title', `T${started}`);
      else if (dice < 0.6) await change(random, person, 'userName', `c${index}-${made}-r${started}`);
      else if (dice < 0.76) await change(random, person, 'active', !person.actives.has(true));
      else if (dice < 0.82) await remove(random, person);
      else await look(person);
      counts.done += 1;
    }
  }

  async function killHost(): Promise<void> {
    for (const at of HOST_KILLS) {
      while (counts.done < at) await sleep(5);
      hostUp = host.restart('SIGKILL').then(connect);
      await hostUp;
      counts.restarts += 1;
    }
  }

  test('what was acknowledged is what the directory holds', async () => {
    process.stdout.write(`chaos: CHAOS_SEED=${seed}\n`);
    let working = true;
    const disturbing = disturb({ slapd, proxy }, randomOf(seed), () => {
      if (working) counts.disturbances += 1;
      return !working;
    });
    const busy = Array.from({ length: CLIENTS }, (_, index) => work(index));
    await Promise.all([...busy, killHost()]);
    working = false;
    await disturbing;
    // Whatever was still on its way has arrived when the server has been ended in good order.
    await slapd.restart();
    await eventually(async () => {
      for (const client of Object.values(clients)) {
        const { status, text } = await client.get('/Users?count=1');
        if (status !== 200) throw new Error(text);
      }
    });
    process.stdout.write(`chaos: ${JSON.stringify(counts)}\n`);
    expect(violations).toEqual([]);
    expect(await differences()).toEqual([]);
    await host.stop();
    expect([counts.done, counts.restarts]).toEqual([OPERATIONS, HOST_KILLS.length]);
  }, 600_000);

  /** What the directory and the host show, against what was acknowledged. */
  async function differences(): Promise<string[]> {
    const wrong: string[] = [];
    const check = (right: boolean, what: string) => {
      if (!right) wrong.push(what);
    };
    const eyes = await lookInto(slapd);
    const found = await eyes.find('(sn=Chaos)');
    const byNumber = new Map(found.map(({ dn, values }) => [values.employeeNumber?.[0], { dn, values }]));
    check(byNumber.size === found.length, `${found.length} entries of ${byNumber.size} persons`);
    for (const person of persons) {
      const { number, id, names, titles, actives, password } = person;
      const entry = byNumber.get(number);
      byNumber.delete(number);
      if (entry === undefined) {
        check(person.mayBeGone, `${number} was acknowledged and is not there`);
        continue;
      }
      const { dn, values } = entry;
      const active = values.pwdAccountLockedTime === undefined && !dn.endsWith(former());
      check(person.mayBeThere, `${number} was deleted or refused and is there`);
      check(names.has(values.cn?.[0] ?? ''), `${number} is called ${values.cn}, not ${[...names]}`);
      check(titles.has(values.title?.[0] ?? ''), `${number} has title ${values.title}, not ${[...titles]}`);
      check(actives.has(active), `${number} is active: ${active}, not ${[...actives]}`);
      check(id === '' || person.connector === 'named' || values.entryUUID?.[0] === id, `${number} has another id`);
      if (id === '' || person.left) continue;
      const seen = (await clientOf(person).get(`/Users/${id}`)).body;
      const same = String(seen.userName) === values.cn?.[0] && String(seen.title) === values.title?.[0];
      check(same && String(seen.active) === String(active), `${number} reads ${JSON.stringify(seen)}`);
      if (Number(number) % 10 === 0) {
        // Who is moved away can still bind; who is locked cannot.
        check(
          (await eyes.canBind(dn, password)) === (active || person.connector === 'named'),
          `${number} has another password`,
        );
      }
    }
    check(byNumber.size === 0, `nobody asked for ${[...byNumber.keys()]}`);
    for (const [name, numbers] of winners) check(numbers.length === 1, `${name} was given to ${numbers}`);
    await eyes.close();
    return wrong;
  }
});
