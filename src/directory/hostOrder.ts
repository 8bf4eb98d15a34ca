/** Which of several servers is asked next: the one that is used already, then the others as they stand, those that have just failed last. */
import type { Host } from './transport';

export class HostOrder {
  readonly #hosts: readonly Host[];
  readonly #clock: () => number;
  readonly #avoidedMs: number;
  readonly #failed = new Map<Host, number>();

  /**
   * @param clock monotonic milliseconds
   * @param avoidedMs milliseconds that a server which has failed is not asked before the others
   */
  constructor(hosts: readonly Host[], clock: () => number, avoidedMs: number) {
    this.#hosts = hosts;
    this.#avoidedMs = avoidedMs;
    this.#clock = clock;
  }

  /** All servers, the best first. `used` is where others work already: what one connection has written the next one reads there. */
  candidates(used?: Host): readonly Host[] {
    const rank = (host: Host) => (this.#isAvoided(host) ? 2 : host === used ? 0 : 1);
    return this.#hosts.toSorted((one, other) => rank(one) - rank(other));
  }

  /** Those that stand before `used` and have not just failed. */
  preferredTo(used: Host): readonly Host[] {
    const before = this.#hosts.slice(0, Math.max(0, this.#hosts.indexOf(used)));
    return before.filter((host) => !this.#isAvoided(host));
  }

  failed(host: Host): void {
    this.#failed.set(host, this.#clock());
  }

  answered(host: Host): void {
    this.#failed.delete(host);
  }

  #isAvoided(host: Host): boolean {
    const at = this.#failed.get(host);
    return at !== undefined && this.#clock() < at + this.#avoidedMs;
  }
}
