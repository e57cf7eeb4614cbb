import { DatabentoError } from '../errors.ts';

/** The line that begins the binary stream. */
export const START_SESSION_LINE = 'start_session\n';

/** The longest line that is read: 500 of the longest symbols fit. */
export const LINE_BYTES_MAX = 65_536;

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** A line of `key=value` pairs with its line feed. Throws code `usage` when a value would break the line. */
export function formatControlLine(fields: Readonly<Record<string, string | number>>): string {
  const pairs = Object.entries(fields).map(([key, value]) => {
    if (/[|\r\n]/.test(`${key}${value}`)) {
      throw new DatabentoError('usage', `field ${JSON.stringify(key)} of a control line has a | or a line break in it`);
    }
    return `${key}=${value}`;
  });
  return `${pairs.join('|')}\n`;
}

/**
 * Reads a line of `key=value` pairs. Keys may be of any kind and in any order, `|` and a carriage return may close the
 * line, a value may have `=` in it, a key without `=` has the empty value, and of equal keys the last counts.
 */
export function parseControlLine(line: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const pair of line.replace(/[\r\n]+$/, '').split('|')) {
    if (pair === '') continue;
    const at = pair.indexOf('=');
    if (at === -1) fields.set(pair, '');
    else fields.set(pair.slice(0, at), pair.slice(at + 1));
  }
  return fields;
}

/**
 * Splits a stream into lines, however it is cut into chunks, and gives back untouched the bytes behind the last line
 * that was read: behind the answer to authentication they are DBN.
 */
export class ControlLineReader {
  readonly #lineBytesMax: number;
  #bytes: Buffer = Buffer.alloc(0);
  /** How far the first line has been searched for its end. */
  #searched = 0;

  constructor(lineBytesMax = LINE_BYTES_MAX) {
    this.#lineBytesMax = lineBytesMax;
  }

  /** Takes a chunk and returns every line that is complete, without line breaks. Throws code `protocol` as `readLine`. */
  push(chunk: Uint8Array): string[] {
    this.append(chunk);
    const lines: string[] = [];
    for (let line = this.readLine(); line !== null; line = this.readLine()) lines.push(line);
    return lines;
  }

  /** Takes a chunk; `readLine` then reads from it. */
  append(chunk: Uint8Array): void {
    this.#bytes = this.#bytes.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.#bytes, chunk]);
  }

  /** The next complete line without its line break, or null. Throws code `protocol` when a line has no end in sight. */
  readLine(): string | null {
    const end = this.#bytes.indexOf(LINE_FEED, this.#searched);
    if ((end === -1 ? this.#bytes.length : end) > this.#lineBytesMax) {
      throw new DatabentoError('protocol', `a control line is longer than ${this.#lineBytesMax} bytes`);
    }
    if (end === -1) {
      this.#searched = this.#bytes.length;
      return null;
    }
    const textEnd = end > 0 && this.#bytes[end - 1] === CARRIAGE_RETURN ? end - 1 : end;
    const line = this.#bytes.toString('utf8', 0, textEnd);
    this.#bytes = this.#bytes.subarray(end + 1);
    this.#searched = 0;
    return line;
  }

  /** The bytes behind the last line that was read; the reader is empty afterwards. */
  takeRest(): Uint8Array {
    const rest = this.#bytes;
    this.#bytes = Buffer.alloc(0);
    this.#searched = 0;
    return rest;
  }
}
