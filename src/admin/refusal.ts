/** What a connector cannot do now is a conflict with its state, not a fault of the request or the host. */
import { OperationRefused } from '../connector/operations';
import { RunInProgress } from '../space/run';
import { AdminError } from './error';

/** Runs an operation of a connector. @throws AdminError 409 where it is refused */
export async function unlessRefused<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof OperationRefused) throw new AdminError(409, error.message);
    if (error instanceof RunInProgress) throw new AdminError(409, `${error.message}.`);
    throw error;
  }
}
