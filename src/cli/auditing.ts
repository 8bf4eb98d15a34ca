/** The audit file: as the host writes it, and as commands that work without the host tell it what they do. */
import { userInfo } from 'node:os';
import { ChainedFile } from '../telemetry/chainedFile';
import type { Log } from '../telemetry/log';
import type { Metrics } from '../telemetry/metrics';
import { RecordSpool, SpoolTaker } from '../telemetry/recordSpool';
import type { HostFlags } from './options';
import { InputFault } from './passwordInput';

const mebibyte = 1024 * 1024;

/** The audit of a host. */
export interface HostAudit {
  append(record: object): void;
  close(): Promise<void>;
}

/** Undefined where the settings name no audit file. */
export function openAudit(
  { auditFile, auditFileSize, auditFilesKept }: HostFlags,
  log: Log,
  metrics: Metrics | undefined,
): HostAudit | undefined {
  if (auditFile === undefined) return undefined;
  const file = new ChainedFile({
    path: auditFile,
    maxBytes: auditFileSize * mebibyte,
    kept: auditFilesKept,
    onFault: (error) => log.error('the audit file cannot be written: it is tried again', { error }),
    onLost: () => metrics?.auditLineLost(),
  });
  metrics?.watchAudit(() => file.failing);
  const taker = new SpoolTaker(spoolOf(auditFile), file, (error) =>
    log.error('what a command has left for the audit file cannot be taken over: it stays where it is', { error }),
  );
  return {
    append: (record) => file.append(record),
    close: async () => {
      await taker.close();
      await file.close();
    },
  };
}

/** Where commands leave their lines for the host. */
export function spoolOf(auditFile: string): RecordSpool {
  return new RecordSpool(`${auditFile}.spool`);
}

/** What a command does. */
export interface Act {
  /** As it was typed, without what it was given. */
  readonly command: string;
  readonly connector?: string;
}

/**
 * Runs what a command does, and leaves a line for the audit file where the settings name one. `how` says more of the
 * result. @throws InputFault before anything is done when the line could not be kept, and whatever `work` throws
 */
export async function audited<T>(
  { auditFile }: HostFlags,
  act: Act,
  work: () => T | Promise<T>,
  how: (result: T) => object = () => ({}),
): Promise<T> {
  if (auditFile === undefined) return work();
  const spool = spoolOf(auditFile);
  try {
    spool.prepare();
  } catch (error) {
    throw new InputFault(
      `Nothing was done, because it could not be recorded for the audit file: ${messageOf(error)}. Run this as the account of the host, or name the audit file with --audit-file FILE.`,
    );
  }
  const record = (more: object) => {
    const time = new Date().toISOString();
    try {
      spool.put({ time, kind: 'administration', actor: `account ${accountName()}`, ...act, ...more });
    } catch (error) {
      process.stderr.write(`It could not be recorded for the audit file: ${messageOf(error)}\n`);
      process.exitCode = 1;
    }
  };
  let result: T;
  try {
    result = await work();
  } catch (error) {
    record({ outcome: 'failed' });
    throw error;
  }
  record({ outcome: 'success', ...how(result) });
  return result;
}

function accountName(): string {
  try {
    return userInfo().username;
  } catch {
    // An account of a container may have no name.
    return String(process.getuid?.() ?? 'unknown');
  }
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
