/** A stream of chunks of which the first bytes can be looked at before it is read. */
export class PeekedChunks implements AsyncIterableIterator<Uint8Array> {
  readonly #source: AsyncIterator<Uint8Array>;
  readonly #held: Uint8Array[] = [];

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** The first bytes; fewer when the stream is shorter. */
  async peek(size: number): Promise<Uint8Array> {
    let have = this.#held.reduce((sum, chunk) => sum + chunk.length, 0);
    while (have < size) {
      const next = await this.#source.next();
      if (next.done) break;
      this.#held.push(next.value);
      have += next.value.length;
    }
    return Buffer.concat(this.#held).subarray(0, size);
  }

  /** Puts bytes back in front. */
  unread(chunk: Uint8Array): void {
    this.#held.unshift(chunk);
  }

  async next(): Promise<IteratorResult<Uint8Array>> {
    const held = this.#held.shift();
    return held === undefined ? await this.#source.next() : { done: false, value: held };
  }

  /** Ends the source, from which nothing more will be read. */
  async return(): Promise<IteratorResult<Uint8Array>> {
    this.#held.length = 0;
    await this.#source.return?.();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
