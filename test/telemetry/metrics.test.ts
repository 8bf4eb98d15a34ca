/** What is counted, how it is named, and that docs/metrics.md says so. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ConnectorSample, Metrics } from '../../src/telemetry/metrics';

const now = Date.parse('2026-11-21T12:00:00Z');
const counts = { seen: 7, added: 4, updated: 2, unchanged: 0, deleted: 1, failed: 0 };

const sample: ConnectorSample = {
  name: 'people',
  state: 'serving',
  directoryReachable: true,
  entries: { User: 5, Group: 2 },
  importRunning: false,
  importedAt: now - 90_000,
  guardRails: { delete: true, disable: false },
  turnsWaiting: 3,
};

/** Metrics of a host on which everything has happened once. */
function busy(connectors: () => readonly ConnectorSample[] = () => [sample]): Metrics {
  const metrics = new Metrics('1.2.3', () => now);
  metrics.watch({ connectors, certificateExpiry: () => new Date(now + 86_400_000) });
  metrics.watchAudit(() => false);
  metrics.requestBegan();
  metrics.requestBegan();
  metrics.requestEnded({ connector: 'people', endpoint: 'Users', method: 'GET', status: 200, durationMs: 12 });
  metrics.exported('people', { operation: 'modify', outcome: 'success' });
  metrics.ldapOperation('people', { operation: 'search', result: 'success', durationMs: 3 });
  const run = { profile: 'fullImport', started: now - 5_000, ended: now - 3_000, counts };
  metrics.importEnded('people', { ...run, outcome: 'success' });
  return metrics;
}

interface Family {
  readonly type: string;
  readonly help: string;
  readonly samples: string[];
}

async function families(metrics: Metrics): Promise<Map<string, Family>> {
  const { text } = await metrics.expose();
  const found = new Map<string, Family>();
  for (const block of text.trim().split(/\n\n+|\n(?=# HELP )/)) {
    const [, name = '', help = ''] = /^# HELP (\S+) (.*)$/m.exec(block) ?? [];
    const type = /^# TYPE \S+ (\S+)$/m.exec(block)?.[1] ?? '';
    found.set(name, { type, help, samples: block.split('\n').filter((line) => !line.startsWith('#')) });
  }
  return found;
}

const lines = async (metrics: Metrics) => (await metrics.expose()).text.split('\n');

describe('the names', () => {
  /** The rules of `promtool check metrics`, of which not every machine has one. */
  test('are those of Prometheus', async () => {
    const faults = [...(await families(busy()))].flatMap(([name, { type, help }]) => [
      ...(/^[a-z][a-z0-9_]*[a-z0-9]$/.test(name) ? [] : [`${name}: characters`]),
      ...(help === '' ? [`${name}: no help`] : []),
      ...((type === 'counter') === name.endsWith('_total') ? [] : [`${name}: _total is for counters`]),
      ...(/_(?:count|sum|bucket)$/.test(name) ? [`${name}: a suffix of histograms`] : []),
      ...(/_(?:counter|gauge|histogram|summary)(?:_|$)/.test(name) ? [`${name}: has its type in its name`] : []),
      ...(/_(?:ms|milliseconds|minutes|hours|kilobytes|percent)(?:_|$)/.test(name) ? [`${name}: no base unit`] : []),
    ]);
    expect(faults).toEqual([]);
  });

  test('satisfy promtool, where it is installed', async () => {
    const { text } = await busy().expose();
    const { error, status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input: text });
    if ((error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') return;
    expect([status, String(stdout), String(stderr)]).toEqual([0, '', '']);
  });

  test('are those of docs/metrics.md, with type and labels', async () => {
    const page = readFileSync(join(__dirname, '../../docs/metrics.md'), 'utf8');
    const here = process.platform === 'linux' ? page : page.replace(/^.*Linux only.*\n/gm, '');
    const rows = [...here.matchAll(/^\| `(\w+)` \| (\w+) \|([^|]*)\|/gm)];
    const documented = new Map(
      rows.map(([, name = '', type = '', labels = '']) => [name, { type, labels: labels.match(/\w+/g) ?? [] }]),
    );
    const found = await families(busy());
    expect([...documented.keys()].sort()).toEqual([...found.keys()].sort());
    for (const [name, { type, samples }] of found) {
      const names = new Set(samples.flatMap((line) => [...line.matchAll(/[{,](\w+)="/g)].map(([, label]) => label)));
      names.delete('le');
      expect([name, documented.get(name)?.type]).toEqual([name, type]);
      const { labels = [] } = documented.get(name) ?? {};
      if (samples.length > 0) expect([name, [...labels].sort()]).toEqual([name, [...names].sort()]);
    }
  });
});

describe('the values', () => {
  test('are seconds, and come with the labels of what happened', async () => {
    const text = await lines(busy());
    for (const line of [
      'connector_host_build_info{version="1.2.3"} 1',
      'connector_host_http_requests_total{connector="people",endpoint="Users",method="GET",status="200"} 1',
      'connector_host_http_request_duration_seconds_sum{connector="people",endpoint="Users",method="GET"} 0.012',
      'connector_host_http_requests_in_flight 1',
      'connector_host_ldap_operations_total{connector="people",operation="search",result="success"} 1',
      'connector_host_ldap_operation_duration_seconds_sum{connector="people",operation="search"} 0.003',
      'connector_host_import_runs_total{connector="people",profile="fullImport",outcome="success"} 1',
      'connector_host_import_duration_seconds_sum{connector="people",profile="fullImport"} 2',
      'connector_host_import_entries_read_total{connector="people",profile="fullImport"} 7',
      'connector_host_import_entries_total{connector="people",profile="fullImport",change="added"} 4',
      'connector_host_import_age_seconds{connector="people"} 3',
      `connector_host_import_last_success_timestamp_seconds{connector="people"} ${now / 1000 - 3}`,
      'connector_host_space_entries{connector="people",resource_type="User"} 5',
      'connector_host_turns_waiting{connector="people"} 3',
      'connector_host_connector_state{connector="people",state="serving"} 1',
      'connector_host_connector_state{connector="people",state="faulty"} 0',
      'connector_host_directory_reachable{connector="people"} 1',
      `connector_host_certificate_expiry_timestamp_seconds ${now / 1000 + 86_400}`,
      'connector_host_config_last_reload_successful 1',
    ]) {
      expect(text).toContain(line);
    }
  });

  test('of a method that nobody has heard of are counted as others', async () => {
    const metrics = busy();
    for (const method of ['BREW', 'PROPFIND', '"} 1\nx{y="']) {
      metrics.requestBegan();
      metrics.requestEnded({ connector: '', endpoint: 'other', method, status: 'aborted', durationMs: 1 });
    }
    const aborted = (await lines(metrics)).filter((line) => line.includes('status="aborted"'));
    expect(aborted).toEqual([
      'connector_host_http_requests_total{connector="",endpoint="other",method="other",status="aborted"} 3',
    ]);
  });

  test('after a restart the space knows the age of its import, and a failed one does not make it younger', async () => {
    const metrics = new Metrics('1', () => now);
    metrics.watch({ connectors: () => [sample], certificateExpiry: () => new Date(now) });
    const run = { profile: 'fullImport', started: now - 5_000, ended: now, counts };
    metrics.importEnded('people', { ...run, outcome: 'failed' });
    expect(await lines(metrics)).toContain('connector_host_import_age_seconds{connector="people"} 90');
  });

  test('of a connector that is gone are gone, and one that is not open has only its state', async () => {
    let connectors: readonly ConnectorSample[] = [sample, { name: 'closed', state: 'inactive' }];
    const metrics = busy(() => connectors);
    expect((await lines(metrics)).filter((line) => line.includes('"closed"'))).toHaveLength(4);
    connectors = [];
    const left = (await lines(metrics)).filter((line) =>
      /^connector_host_(?:connector|space|turns|directory)/.test(line),
    );
    expect(left).toEqual([]);
  });

  test('of a refused reload leave the time of the last good one', async () => {
    const metrics = busy();
    metrics.reloaded(true, new Date(now + 1_000));
    metrics.reloaded(false, new Date(now + 9_000));
    const text = await lines(metrics);
    expect(text).toContain('connector_host_config_last_reload_successful 0');
    expect(text).toContain(`connector_host_config_last_reload_success_timestamp_seconds ${now / 1000 + 1}`);
  });

  test('of two hosts in one process are apart', async () => {
    const other = new Metrics('2');
    busy();
    expect((await lines(other)).filter((line) => line.includes('people'))).toEqual([]);
  });
});
