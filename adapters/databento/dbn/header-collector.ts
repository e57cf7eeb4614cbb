import { checkMagic, type DbnMetadata, decodeMetadata, headerCutOff, PRELUDE_BYTES, readPrelude } from './metadata.ts';

const CAPACITY_START = 1024;

/** Collects the header of a stream from chunks of any size. */
export class HeaderCollector {
  #bytes = new Uint8Array(0);
  #have = 0;
  /** Bytes of the header, as far as is known. */
  #need = PRELUDE_BYTES;

  /** Takes what a chunk holds of the header; gives the metadata when it is complete. */
  take(chunk: Uint8Array): { readonly taken: number; readonly metadata: DbnMetadata | null } {
    let taken = 0;
    for (;;) {
      const part = chunk.subarray(taken, taken + this.#need - this.#have);
      this.#append(part);
      taken += part.length;
      checkMagic(this.#bytes.subarray(0, this.#have));
      if (this.#have < this.#need) return { taken, metadata: null };
      if (this.#need > PRELUDE_BYTES) {
        const metadata = decodeMetadata(this.#bytes.subarray(0, this.#have));
        this.#bytes = new Uint8Array(0);
        return { taken, metadata };
      }
      this.#need = readPrelude(this.#bytes).headerBytes;
    }
  }

  /** What is wrong when the input ends here. */
  cutOff(): Error {
    return headerCutOff(this.#have, this.#need);
  }

  /** The room grows with what has arrived, not with what the header says about itself. */
  #append(part: Uint8Array): void {
    const have = this.#have + part.length;
    if (have > this.#bytes.length) {
      const grown = new Uint8Array(Math.min(this.#need, Math.max(have, 2 * this.#bytes.length, CAPACITY_START)));
      grown.set(this.#bytes.subarray(0, this.#have));
      this.#bytes = grown;
    }
    this.#bytes.set(part, this.#have);
    this.#have = have;
  }
}
