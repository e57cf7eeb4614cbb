import { createHash } from 'node:crypto';
import type { MessageCode } from '#adapters/traderspost/message-codes.ts';
import { type Effect, SandboxBroker } from './broker.ts';
import type { SubscriptionSettings } from './plan.ts';
import { rateLimiter } from './rate-limit.ts';
import { readSignal } from './signal.ts';

/** What a request deserves: the documented answer, and what it did at the broker (null when it never got there). */
export interface Judgement {
  readonly status: number;
  readonly reply: unknown;
  readonly effect: Effect | null;
}

const BODY_CHARS_MAX = 64 * 1024;

/** One strategy's webhook with the broker account behind it. */
export class SandboxWebhook {
  readonly account: string;
  readonly uuid: string;
  readonly password: string;
  readonly broker: SandboxBroker;
  readonly #isWithinLimits = rateLimiter();

  /** The address follows from the account's name, so that a sandbox started again is found at the same place. */
  constructor(account: string, settings: SubscriptionSettings) {
    this.account = account;
    this.uuid = uuidOf(`webhook ${account}`);
    this.password = digest(`password ${account}`).slice(0, 32);
    this.broker = new SandboxBroker(settings);
  }

  get path(): string {
    return `/trading/webhook/${this.uuid}/${this.password}`;
  }

  /** Counts a request and says whether the documented limits let it through. */
  admits(nowMs: number): boolean {
    return this.#isWithinLimits(nowMs);
  }

  /** Validates a body and, when it is a signal, carries it out. `name` distinguishes the ids of the answer. */
  judge(text: string, name: string): Judgement {
    if (text.trim() === '') return refusal('empty-json', 'Your trade signal was empty.');
    if (text.length > BODY_CHARS_MAX) return refusal('invalid-message-length', 'Your trade signal is too long.');
    const payload = parseJson(text);
    if (payload === undefined) return refusal('malformed-json', 'The JSON payload could not be parsed.');
    const read = readSignal(payload);
    if (!read.ok) return refusal(read.fault.code, read.fault.message);
    const id = uuidOf(`signal ${name}`);
    const effect = this.broker.apply(read.signal, id);
    return { status: 200, reply: { success: true, id, logId: uuidOf(`log ${name}`), payload }, effect };
  }
}

/** A documented refusal: 404 for an unknown webhook, 429 over the limits, otherwise 400. */
export function refusal(messageCode: MessageCode, message: string): Judgement {
  const status = { 'not-found': 404, 'too-many-requests': 429 }[messageCode as string] ?? 400;
  return { status, reply: { success: false, messageCode, message }, effect: null };
}

/** The parsed text; undefined when it is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function digest(text: string): string {
  return createHash('sha256').update(`rooney sandbox: ${text}`).digest('hex');
}

/** A version 8 UUID made from a text. */
function uuidOf(text: string): string {
  const hex = digest(text);
  return [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `a${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  );
}
