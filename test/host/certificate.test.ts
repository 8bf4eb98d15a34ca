import { createPrivateKey, X509Certificate } from 'node:crypto';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openCertificate } from '../../src/host/certificate';

const DAY = 86_400_000;

describe('openCertificate', () => {
  let directory: string;
  const open = (hostName = 'host.example.com', days = 0) =>
    openCertificate({ directory, hostName, clock: () => new Date(Date.now() + days * DAY) });

  beforeEach(async () => {
    directory = join(await mkdtemp(join(tmpdir(), 'certificate-')), 'certs');
  });
  afterEach(() => rm(join(directory, '..'), { recursive: true, force: true }));

  it('makes an elliptic-curve certificate for two years, signed with SHA-256, that names the host and the loopback', async () => {
    const { cert, key, info } = await open();
    const certificate = new X509Certificate(cert);
    expect(certificate.subject).toBe('CN=host.example.com');
    for (const name of ['host.example.com', 'localhost']) expect(certificate.checkHost(name)).toBe(name);
    for (const address of ['127.0.0.1', '::1']) expect(certificate.checkIP(address)).toBe(address);
    expect(certificate.checkHost('other.example.com')).toBeUndefined();
    expect(certificate.publicKey.asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' });
    expect(certificate.checkPrivateKey(createPrivateKey(key))).toBe(true);
    expect(certificate.ca).toBe(false);
    // ecdsa-with-SHA256, RFC 5758 §3.2; the library's own default is SHA-1.
    expect(certificate.raw.includes(Buffer.from('06082a8648ce3d040302', 'hex'))).toBe(true);
    const years = (info.validTo.getTime() - Date.now()) / (365 * DAY);
    expect(years).toBeGreaterThan(1.99);
    expect(years).toBeLessThan(2.01);
    expect(info).toMatchObject({ origin: 'self-signed', file: join(directory, 'self-signed.crt'), warnings: [] });
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
    expect((await stat(join(directory, 'self-signed.key'))).mode & 0o777).toBe(0o600);
    expect((await readdir(directory)).sort()).toEqual(['self-signed.crt', 'self-signed.key']);
  });

  it('keeps it as long as it is good, and says so when it had to be replaced', async () => {
    const { cert } = await open();
    expect((await open('localhost', 600)).cert).toBe(cert);
    const late = await open('host.example.com', 701);
    expect(late.cert).not.toBe(cert);
    expect(late.info.warnings).toEqual([expect.stringContaining('must trust the new one')]);
    const renamed = await open('new.example.com', 701);
    expect(new X509Certificate(renamed.cert).checkHost('new.example.com')).toBe('new.example.com');
    await writeFile(join(directory, 'self-signed.key'), 'damaged');
    expect((await open('new.example.com', 701)).cert).not.toBe(renamed.cert);
  });

  it('makes one for an address and refuses what is no name', async () => {
    expect(new X509Certificate((await open('192.0.2.7')).cert).checkIP('192.0.2.7')).toBe('192.0.2.7');
    await expect(open('a, b+c')).rejects.toThrow(/no host name/);
  });

  describe('with files that the administrator has brought', () => {
    beforeEach(async () => {
      const { cert, key } = await open();
      await writeFile(join(directory, 'host.crt'), cert);
      await writeFile(join(directory, 'host.key'), key, { mode: 0o600 });
    });

    it('uses them, never writes them, and warns of what clients will refuse', async () => {
      const before = await readFile(join(directory, 'host.crt'), 'utf8');
      expect((await open()).info).toMatchObject({ origin: 'brought', warnings: [] });
      await chmod(join(directory, 'host.key'), 0o644);
      const { info, cert } = await open('other.example.com', 800);
      expect(cert).toBe(before);
      expect(info.warnings).toEqual([
        expect.stringContaining('expired on'),
        expect.stringContaining('mode to 0600'),
        expect.stringContaining('not "other.example.com"'),
      ]);
      expect((await open('localhost', 705)).info.warnings[0]).toMatch(/in 2[45] days/);
    });

    it.each([
      ['host.key', undefined, /host\.crt is there but .*host\.key is not/],
      ['host.crt', undefined, /host\.key is there but .*host\.crt is not/],
      ['host.crt', 'x', /host\.crt is not a PEM certificate/],
      ['host.key', 'x', /host\.key is not a PEM private key/],
      ['host.key', '-----BEGIN ENCRYPTED PRIVATE KEY-----\n', /is encrypted/],
    ])('says what is wrong with %s = %s', async (file, text, message) => {
      await (text === undefined ? rm(join(directory, file)) : writeFile(join(directory, file), text));
      await expect(open()).rejects.toThrow(message);
    });

    it('says that the two do not belong together', async () => {
      await rm(join(directory, 'host.crt'));
      await rm(join(directory, 'host.key'));
      const { cert } = await open('localhost');
      await rm(join(directory, 'self-signed.crt'));
      const { key } = await open('localhost');
      await writeFile(join(directory, 'host.crt'), cert);
      await writeFile(join(directory, 'host.key'), key);
      await expect(open()).rejects.toThrow(/is not the key of/);
    });
  });
});
