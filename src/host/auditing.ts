/** What an auditor wants to know of requests: who was refused, and what administrators have done. Never a token. */
import type { RequestRecord } from './requestRecord';

/** Takes records of the audit; it returns at once and never throws. */
export type Audit = (record: Readonly<Record<string, unknown>>) => void;

/** Refusals that are written each minute; what is beyond them is counted, so that nobody can fill the disk. */
const perMinute = 60;
const minuteMs = 60_000;

/** A request that has ended. */
export interface EndedRequest {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly remote: string | undefined;
  readonly record: RequestRecord;
}

/** Tells an audit of the requests that belong there. */
export class RequestAudit {
  readonly #audit: Audit;
  readonly #now: () => Date;
  #minute = 0;
  #written = 0;
  #left = 0;

  constructor(audit: Audit, now: () => Date = () => new Date()) {
    this.#audit = audit;
    this.#now = now;
  }

  ended({ method, path, status, remote, record }: EndedRequest): void {
    const { requestId, actor, administrator, refusal } = record;
    const time = this.#now();
    const request = { time: time.toISOString(), requestId, remote, method, path: path.slice(0, 500), status };
    if (refusal !== undefined)
      this.#refused(time.getTime(), { ...request, kind: 'authentication', outcome: 'refused', ...refusal });
    else if (administrator && method !== 'GET' && method !== 'HEAD')
      this.#audit({ ...request, kind: 'administration', actor, outcome: status < 400 ? 'success' : 'refused' });
  }

  #refused(now: number, refusal: Readonly<Record<string, unknown>>): void {
    const minute = Math.floor(now / minuteMs);
    if (minute !== this.#minute) {
      this.#minute = minute;
      this.#written = 0;
    }
    if (this.#written >= perMinute) {
      this.#left += 1;
      return;
    }
    this.#written += 1;
    this.#audit(this.#left === 0 ? refusal : { ...refusal, leftOutBefore: this.#left });
    this.#left = 0;
  }
}
