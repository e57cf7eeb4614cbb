const WINDOW_MS = 1000;

/** Counts new connections of each address: only so many in any second. */
export class ConnectionLimit {
  readonly #perSecond: number | null;
  readonly #accepted = new Map<string, number[]>();

  constructor(perSecond: number | null) {
    this.#perSecond = perSecond;
  }

  /** Whether one more may come, at a time in milliseconds; it is counted then. */
  accepts(address: string, nowMs: number): boolean {
    if (this.#perSecond === null) return true;
    const recent = (this.#accepted.get(address) ?? []).filter((timeMs) => timeMs > nowMs - WINDOW_MS);
    const isAccepted = recent.length < this.#perSecond;
    if (isAccepted) recent.push(nowMs);
    this.#accepted.set(address, recent);
    return isAccepted;
  }
}
