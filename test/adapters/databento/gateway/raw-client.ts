import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { DbnDecoder } from '#adapters/databento/dbn/decoder.ts';
import type { DbnMetadata } from '#adapters/databento/dbn/metadata.ts';
import type { StoredRecord } from '#adapters/databento/dbn/record.ts';
import { toObject } from '#adapters/databento/dbn/record-object.ts';
import { cramReply } from '#adapters/databento/protocol/cram.ts';

export const KEY = 'db-testing-the-simulator-0000001';

/** A client of bytes and lines: it adds nothing to what the gateway says. */
export class RawClient {
  readonly socket: Socket;
  /** What was received as lines. */
  #text = Buffer.alloc(0);
  readonly #chunks: Buffer[] = [];
  /** What ended the connection: a clean end or a reset; null before. */
  ending: 'end' | 'reset' | null = null;
  readonly #decoder = new DbnDecoder({ upgrade: false });
  readonly records: StoredRecord[] = [];
  /** Whether binary is decoded as it comes; not when it is compressed. */
  isDecoding = true;
  #read = 0;
  #isBinary = false;
  readonly #onChange = new Set<() => void>();

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => {
      if (this.#isBinary) this.#takeBinary(chunk);
      else this.#text = Buffer.concat([this.#text, chunk]);
      this.#changed();
    });
    socket.on('error', () => {
      this.ending = 'reset';
    });
    socket.on('close', () => {
      this.ending ??= 'end';
      this.#changed();
    });
  }

  static async connect(port: number): Promise<RawClient> {
    const client = new RawClient(connect(port, '127.0.0.1'));
    await once(client.socket, 'connect');
    return client;
  }

  /** The header of the binary part; null before it has come. */
  get metadata(): DbnMetadata | null {
    return this.#decoder.metadata;
  }

  /** The bytes from the metadata on; kept when they are not decoded as they come. */
  get binary(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  send(text: string): void {
    this.socket.write(text);
  }

  /** Resolves when the condition holds, as looked at whenever something comes. */
  async until(isMet: () => boolean): Promise<void> {
    if (isMet()) return;
    await new Promise<void>((resolve) => {
      const look = (): void => {
        if (!isMet()) return;
        this.#onChange.delete(look);
        resolve();
      };
      this.#onChange.add(look);
    });
  }

  /** The next line with its line feed; empty when the connection has ended without one. */
  async line(): Promise<string> {
    const end = (): number => this.#text.indexOf('\n', this.#read);
    await this.until(() => end() !== -1 || this.ending !== null);
    if (end() === -1) return '';
    const line = this.#text.toString('latin1', this.#read, end() + 1);
    this.#read += line.length;
    return line;
  }

  /** Reads the greeting, answers it, and returns the answer to that. */
  async authenticate(fields: Readonly<Record<string, string | number>> = {}, key = KEY): Promise<string> {
    await this.line();
    const challenge = (await this.line()).slice('cram='.length, -1);
    const all = { auth: cramReply(challenge, key), dataset: 'GLBX.MDP3', encoding: 'dbn', ...fields };
    this.send(
      `${Object.entries(all)
        .map(([name, value]) => `${name}=${value}`)
        .join('|')}\n`,
    );
    return await this.line();
  }

  /** Sends lines and the one that starts the session; from here on records come. */
  start(...lines: string[]): void {
    this.#isBinary = true;
    this.send([...lines, 'start_session'].map((line) => `${line}\n`).join(''));
  }

  /** Resolves when the connection has ended, whoever ended it. */
  async end(): Promise<void> {
    await this.until(() => this.ending !== null);
  }

  close(): void {
    this.socket.destroy();
  }

  #takeBinary(chunk: Buffer): void {
    if (this.isDecoding) this.#decoder.feed(chunk, (view) => this.records.push(toObject(view)));
    else this.#chunks.push(chunk);
  }

  #changed(): void {
    for (const look of [...this.#onChange]) look();
  }
}

/** A subscription line. */
export function subscription(fields: Readonly<Record<string, string | number | bigint>> = {}): string {
  const all = { schema: 'ohlcv-1m', stype_in: 'parent', symbols: 'ES.FUT', ...fields };
  return Object.entries(all)
    .map(([name, value]) => `${name}=${value}`)
    .join('|');
}

/** A record in short: what tests tell records apart by. */
export function told(record: StoredRecord): string {
  switch (record.layout) {
    case 'system_v1':
    case 'system_v2':
      return record.msg;
    case 'error_v1':
    case 'error_v2':
      return `error: ${record.err}`;
    case 'symmap_v1':
    case 'symmap_v2':
      return `${record.stype_in_symbol} -> ${record.stype_out_symbol} (${record.instrument_id})`;
    default:
      return `${record.layout} ${record.instrument_id}`;
  }
}

/** When the gateway says that it sent a record. */
export function sentNs(record: StoredRecord): bigint | undefined {
  return 'ts_out' in record ? record.ts_out : undefined;
}
