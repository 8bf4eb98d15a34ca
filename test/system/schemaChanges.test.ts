/** A directory whose schema grows while the host serves. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { people } from '../support/connectorFiles';
import { eventually, HostProcess } from '../support/hostProcess';
import { type Slapd, startSlapd } from '../support/slapd';
import { describeOnSlapd, startTimeout } from '../support/system';

const FACE = 'urn:ietf:params:scim:schemas:extension:ECMA2Host:2.0:User';
const folder = mkdtempSync(join(tmpdir(), 'schema-'));
const file = join(folder, 'wearer.schema');

function writeSchema(may: string): void {
  const text = (oid: string, name: string) =>
    `attributetype ( 1.3.6.1.4.1.32473.9.${oid} NAME '${name}' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )`;
  writeFileSync(
    file,
    `${text('1', 'hatSize')}\n${text('2', 'shoeSize')}\nobjectclass ( 1.3.6.1.4.1.32473.9.3 NAME 'wearer' SUP top AUXILIARY MAY ( ${may} ) )\n`,
  );
}

describeOnSlapd('a schema that grows', () => {
  let slapd: Slapd | undefined;
  let host: HostProcess;

  beforeAll(async () => {
    writeSchema('hatSize');
    slapd = await startSlapd({ faults: false, schemaFile: file });
    const runProfiles = { deltaImport: { interval: 1 } };
    const connector = people(
      slapd,
      { auxiliaryClasses: ['wearer'] },
      { runProfiles, properties: { autosyncTimer: 0 } },
    );
    host = await HostProcess.start({ connectors: { grows: connector } });
    await host.imported(['grows']);
  }, startTimeout);
  afterAll(async () => {
    await host?.stop();
    await slapd?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const shown = async () => {
    const { body } = await host.client('grows').get(`/Schemas/${FACE}`);
    const names = (body.attributes as unknown as { name: string }[]).map(({ name }) => name);
    return [names.includes('hatSize'), names.includes('shoeSize')];
  };

  test('is in /Schemas, and writable, after the next delta import', async () => {
    expect(await shown()).toEqual([true, false]);
    writeSchema('hatSize $ shoeSize');
    await slapd?.restart();
    await eventually(async () => expect(await shown()).toEqual([true, true]));
    const sent = { schemas: [FACE], userName: 'ada', name: { familyName: 'A' }, [FACE]: { shoeSize: ['38'] } };
    const { status, body } = await host.client('grows').post('/Users', sent);
    expect([status, (body[FACE] as unknown as { shoeSize: string[] }).shoeSize]).toEqual([201, ['38']]);
  });
});
