/**
 * Keeps the gateway from running ahead of its client by more than some records: with market time that passes as fast as
 * it can be sent, what lies in the buffers of a connection would be days, and a reset would lose more than a gateway
 * replays.
 */
export class SourceGate {
  readonly #availableNs: BigUint64Array;
  readonly #aheadMax: number;
  #heardNs = 0n;
  #heardIndex = 0;
  #waiting: { readonly index: number; readonly go: () => void }[] = [];

  constructor(availableNs: BigUint64Array, aheadMax: number) {
    this.#availableNs = availableNs;
    this.#aheadMax = aheadMax;
  }

  /** The newest time that the client has heard of, nanoseconds since the epoch. */
  get heardNs(): bigint {
    return this.#heardNs;
  }

  /** The client has heard of a time. */
  heard(timeNs: bigint): void {
    if (timeNs <= this.#heardNs) return;
    this.#heardNs = timeNs;
    while (this.#availableNs[this.#heardIndex]! <= timeNs) this.#heardIndex += 1;
    this.#go((index) => this.#isOpen(index));
  }

  /** The connection has ended: whoever waits for its client may see that. */
  release(): void {
    this.#go(() => true);
  }

  /** Waits until the client has come close enough to a record. */
  async reach(index: number): Promise<void> {
    if (this.#isOpen(index)) return;
    await new Promise<void>((go) => this.#waiting.push({ index, go }));
  }

  #isOpen(index: number): boolean {
    return index - this.#heardIndex <= this.#aheadMax;
  }

  #go(may: (index: number) => boolean): void {
    const going = this.#waiting.filter(({ index }) => may(index));
    if (going.length === 0) return;
    this.#waiting = this.#waiting.filter(({ index }) => !may(index));
    for (const { go } of going) go();
  }
}
