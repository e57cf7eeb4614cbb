/**
 * Lets mappings that stand at the same place of a shard, after the same put, share one read of it.
 *
 * Records never change, so each mapping sees what it would have read itself; but the emulator takes as long for a read as
 * a strategy for a slice, and in lock-step every mapping asks for the same one.
 */
export class SharedReads<T> {
  #place = '';
  #answer: Promise<T> | null = null;

  /** The answer to the newest read of `place`, or of `read` when that is another place. */
  at(place: string, read: () => Promise<T>): Promise<T> {
    if (this.#answer && place === this.#place) return this.#answer;
    this.#place = place;
    this.#answer = read();
    return this.#answer;
  }
}
