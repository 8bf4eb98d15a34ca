/** What importing and operating a connector both speak of. */
import type { RunProfile } from '../space/run';

/** The run profiles that can be asked for. */
export type ImportProfile = Exclude<RunProfile, 'export'>;

/** Why something cannot be done now, and what to do instead. */
export class OperationRefused extends Error {
  override readonly name = 'OperationRefused';
}
