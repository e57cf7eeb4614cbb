import { inspect } from 'node:util';
import { DatabentoError } from '../errors.ts';
import { BUCKET_CHARACTERS, cramReply } from './cram.ts';

const KEY_CHARACTERS = 32;
const KEY_PREFIX = 'db-';

/** A key that shows itself nowhere: printed, inspected or turned into JSON it is its last five characters. */
export class ApiKey {
  readonly #value: string;

  /** Throws code `usage` when the text cannot be a key. */
  constructor(value: string) {
    if (value.length !== KEY_CHARACTERS) {
      throw new DatabentoError(
        'usage',
        `a Databento key has ${KEY_CHARACTERS} characters, this text has ${value.length}; copy it from the portal`,
      );
    }
    if (!/^[!-~]+$/.test(value)) {
      throw new DatabentoError('usage', 'the Databento key has spaces or characters outside of ASCII; copy it again');
    }
    this.#value = value;
  }

  /** Whether it begins as all keys do that Databento gives out. */
  get hasUsualPrefix(): boolean {
    return this.#value.startsWith(KEY_PREFIX);
  }

  /** The last five characters, which are not secret. */
  get bucket(): string {
    return this.#value.slice(-BUCKET_CHARACTERS);
  }

  /** The answer to a gateway's challenge. */
  reply(challenge: string): string {
    return cramReply(challenge, this.#value);
  }

  /** A text of somebody else's with the key taken out, should it be in it. */
  redact(text: string): string {
    return text.replaceAll(this.#value, this.toString());
  }

  toString(): string {
    return `key ending in ${this.bucket}`;
  }

  toJSON(): string {
    return this.toString();
  }

  [inspect.custom](): string {
    return this.toString();
  }
}
