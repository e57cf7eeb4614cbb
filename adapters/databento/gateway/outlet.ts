import type { Socket } from 'node:net';
import { constants, createZstdCompress, type ZstdCompress } from 'node:zlib';
import type { HostClock } from './host-clock.ts';

export interface OutletOptions {
  readonly host: HostClock;
  /** Sends in pieces of at most so many bytes, each by itself; null as they come. */
  readonly chunkBytes: number | null;
  /** With compression, ends the zstd frame after so many batches; null for one long frame. */
  readonly frameBatches: number | null;
}

/** The sending side of a connection: keeps order, compresses, cuts into chunks, and says when there is room. */
export class Outlet {
  readonly #socket: Socket;
  readonly #options: OutletOptions;
  #isCompressing = false;
  #zstd: { readonly stream: ZstdCompress; batches: number; output: Uint8Array[] } | null = null;
  #isHung = false;
  #isEnding = false;
  /** What does not go straight to the socket, in order. */
  #work: Promise<void> = Promise.resolve();
  #workBytes = 0;
  #lastSentMs: number;

  constructor(socket: Socket, options: OutletOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#lastSentMs = options.host.monotonic();
  }

  /** Whether nothing more can be sent. */
  get isClosed(): boolean {
    return this.#isEnding || this.#socket.destroyed || this.#socket.writableEnded;
  }

  /** Whether it was made to fall silent. */
  get isHung(): boolean {
    return this.#isHung;
  }

  /** Whether the client does not take what it has been sent. */
  get isBlocked(): boolean {
    return this.#isHung || this.#workBytes > 0 || this.#socket.writableNeedDrain;
  }

  /** Milliseconds since something was sent. */
  get silentMs(): number {
    return this.#options.host.monotonic() - this.#lastSentMs;
  }

  /** Sends compressed from now on. */
  compress(): void {
    this.#isCompressing = true;
  }

  /** Sends bytes, which must not be changed afterwards. */
  send(bytes: Uint8Array): void {
    if (this.isClosed || this.#isHung || bytes.length === 0) return;
    this.#lastSentMs = this.#options.host.monotonic();
    if (this.#isCompressing) this.#queue(bytes.length, () => this.#compressed(bytes));
    else if (this.#options.chunkBytes !== null) this.#queue(bytes.length, () => this.#write(bytes));
    else this.#socket.write(bytes);
  }

  /** Null when more may be sent at once; else resolves when it may, or when the connection has ended. */
  room(): Promise<void> | null {
    if (this.#isHung && !this.#socket.destroyed) return this.#until('close');
    if (this.#workBytes > 0) return this.#work;
    return this.#socket.writableNeedDrain ? this.#until('drain') : null;
  }

  /** Resolves when everything has been handed to the operating system, or the connection has ended. */
  async flushed(): Promise<void> {
    await this.#work;
    if (this.#socket.writableNeedDrain) await this.#until('drain');
  }

  /** Ends the connection after what has been sent. */
  end(): void {
    if (this.isClosed) return;
    this.#queue(0, async () => {
      await this.#endFrame();
      this.#socket.end();
    });
    this.#isEnding = true;
  }

  /** Cuts the connection so that the other side sees a reset. */
  reset(): void {
    this.#socket.resetAndDestroy();
  }

  /** Falls silent with the connection open. */
  hang(): void {
    this.#isHung = true;
  }

  #queue(bytes: number, step: () => Promise<void>): void {
    this.#workBytes += bytes;
    this.#work = this.#work.then(step).then(() => {
      this.#workBytes -= bytes;
    });
  }

  async #compressed(bytes: Uint8Array): Promise<void> {
    const zstd = this.#zstd ?? this.#beginFrame();
    zstd.stream.write(bytes);
    await new Promise<void>((resolve) => zstd.stream.flush(constants.ZSTD_e_flush, resolve));
    await this.#forward(zstd.output);
    zstd.batches += 1;
    if (zstd.batches === this.#options.frameBatches) await this.#endFrame();
  }

  #beginFrame() {
    const stream = createZstdCompress({ params: { [constants.ZSTD_c_checksumFlag]: 1 } });
    const zstd = { stream, batches: 0, output: [] as Uint8Array[] };
    // Taken as it comes: a compressor whose output nobody takes stops.
    stream.on('data', (chunk: Uint8Array) => zstd.output.push(chunk));
    this.#zstd = zstd;
    return zstd;
  }

  async #endFrame(): Promise<void> {
    const zstd = this.#zstd;
    if (zstd === null) return;
    this.#zstd = null;
    await new Promise<void>((resolve) => zstd.stream.once('end', () => resolve()).end());
    await this.#forward(zstd.output);
  }

  async #forward(output: Uint8Array[]): Promise<void> {
    for (const bytes of output.splice(0)) await this.#write(bytes);
  }

  async #write(bytes: Uint8Array): Promise<void> {
    const chunkBytes = this.#options.chunkBytes ?? bytes.length;
    for (let at = 0; at < bytes.length; at += chunkBytes) {
      if (this.#socket.destroyed || this.#isHung) return;
      this.#socket.write(bytes.subarray(at, at + chunkBytes));
      // A turn of the event loop between chunks keeps them apart.
      if (chunkBytes < bytes.length) await new Promise((resolve) => setImmediate(resolve));
      if (this.#socket.writableNeedDrain) await this.#until('drain');
    }
  }

  /** Resolves at the event or at the end of the connection. */
  #until(event: 'drain' | 'close'): Promise<void> {
    const socket = this.#socket;
    return new Promise((resolve) => {
      const done = (): void => {
        socket.off(event, done);
        socket.off('close', done);
        resolve();
      };
      socket.on(event, done);
      if (event !== 'close') socket.on('close', done);
    });
  }
}
