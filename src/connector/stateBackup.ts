/** A copy of what only the host knows, while it runs: the records of its connectors and what operators have switched off. */
import { copyFileSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseTooNew, openState, StateDamaged } from '../space/state';

/** The copy cannot be made; the message says why and what to do. */
export class BackupRefused extends Error {
  override readonly name = 'BackupRefused';
}

const record = /^(.+)\.state\.sqlite$/;

/**
 * Copies the records of a state folder, or that of one connector, into another folder, each as it was at one moment, and
 * reads the copies back. Answers the files made. What was imported is not copied: it is imported again.
 * @throws BackupRefused
 */
export async function backUpState(
  stateDirectory: string,
  target: string,
  connector?: string,
): Promise<readonly string[]> {
  const there = existsSync(stateDirectory) ? readdirSync(stateDirectory) : [];
  const names = there.flatMap((file) => record.exec(file)?.[1] ?? []).filter((name) => name === (connector ?? name));
  if (names.length === 0) {
    const whose = connector === undefined ? '' : ` of ${connector}`;
    throw new BackupRefused(`There is no record${whose} in ${stateDirectory}: name the host's folder with --state.`);
  }
  const others = connector === undefined ? there.filter((file) => file.endsWith('.json')) : [];
  const files = [...names.map((name) => `${name}.state.sqlite`), ...others].map((file) => join(target, file));
  const present = files.find((file) => existsSync(file));
  if (present !== undefined)
    throw new BackupRefused(`${present} is there already: name another folder, a copy is never overwritten.`);
  mkdirSync(target, { recursive: true, mode: 0o700 });
  for (const name of names) await copyRecord(stateDirectory, name, target);
  for (const file of others) copyFileSync(join(stateDirectory, file), join(target, file));
  return files;
}

async function copyRecord(stateDirectory: string, name: string, target: string): Promise<void> {
  try {
    const state = await openState(stateDirectory, name);
    await state.copyTo(join(target, `${name}.state.sqlite`)).finally(() => state.close());
  } catch (error) {
    if (error instanceof StateDamaged || error instanceof DatabaseTooNew) throw new BackupRefused(`${error.message}.`);
    throw error;
  }
}
