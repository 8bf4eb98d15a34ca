/** The steps between a connector and its directory, as `check --connect` prints them. */
import type { ServerCertificate } from '../directory/connectionProbe';

export type StepName = 'name' | 'tcp' | 'tls' | 'bind' | 'read' | 'write' | 'changes';

/** One step. `notTested`: nothing is known, and the message says why. */
export interface ConnectionStep {
  readonly step: StepName;
  readonly status: 'ok' | 'failed' | 'notTested';
  /** Host and port, where a step belongs to one of several servers. */
  readonly server?: string;
  readonly message: string;
  readonly certificate?: ServerCertificate;
}
