import { Readable, Writable } from 'node:stream';
import { runDbn } from '#cli/dbn/command.ts';

/** What a run of `rooney dbn` did. */
export interface DbnRun {
  readonly exitCode: number;
  readonly out: Buffer;
  readonly lines: readonly string[];
  readonly err: string;
}

/** What is not a file or a pipe. */
export interface Terminals {
  readonly in?: boolean;
  readonly out?: boolean;
  readonly err?: boolean;
}

/** Runs `rooney dbn` in this process; `input` is its standard input, in one chunk or in those given. */
export async function dbn(
  args: readonly string[],
  input: string | Uint8Array | readonly Uint8Array[] = '',
  terminals: Terminals = {},
): Promise<DbnRun> {
  const chunks = Array.isArray(input) ? input : [Buffer.from(input as Uint8Array)];
  const [out, err] = [new Collected(terminals.out), new Collected(terminals.err)];
  const stdin = Object.assign(Readable.from(chunks), { isTTY: terminals.in ?? false });
  const exitCode = await runDbn(args, { in: stdin, out, err });
  const text = out.bytes.toString();
  return { exitCode, out: out.bytes, lines: text.split('\n').slice(0, -1), err: err.bytes.toString() };
}

/** Takes little at a time, as a slow reader does. */
class Collected extends Writable {
  readonly isTTY: boolean;
  #bytes = Buffer.alloc(0);

  constructor(isTTY = false) {
    super({ highWaterMark: 16 });
    this.isTTY = isTTY;
  }

  get bytes(): Buffer {
    return this.#bytes;
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    setImmediate(done);
  }
}
