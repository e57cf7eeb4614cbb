import { DatabentoError } from '../errors.ts';
import { parseSubscription, type SubscriptionRequest } from '../protocol/subscription.ts';
import type { WholeRequest } from './subscriber.ts';

/** Puts the subscription lines of a session together to whole requests. */
export class Requests {
  #lines: SubscriptionRequest[] = [];
  #count = 0;

  /** Takes a line; gives the request that it completes, null when more lines are to come, or a text of what is wrong. */
  take(line: string): WholeRequest | string | null {
    let request: SubscriptionRequest;
    try {
      request = parseSubscription(line);
    } catch (error) {
      if (error instanceof DatabentoError) return `Invalid subscription: ${error.message}`;
      throw error;
    }
    if (request.snapshot && request.schema !== 'mbo') return 'Invalid subscription: a snapshot exists only for mbo';
    const first = this.#lines[0] ?? request;
    const isSame = first.schema === request.schema && first.stypeIn === request.stypeIn && first.id === request.id;
    if (!isSame) return `Invalid subscription: ${this.#incomplete(first)}`;
    this.#lines.push(request);
    if (!request.isLast) return null;
    const symbols = this.#lines.flatMap((one) => one.symbols);
    this.#lines = [];
    this.#count += 1;
    const { isLast: _, ...rest } = request;
    return { ...rest, symbols, start: first.start, id: request.id ?? this.#count };
  }

  /** What is wrong when no more lines come; null when nothing is. */
  end(): string | null {
    const [first] = this.#lines;
    return first === undefined ? null : `Invalid subscription: ${this.#incomplete(first)}`;
  }

  #incomplete({ schema }: SubscriptionRequest): string {
    return `the request for ${schema} has no line with is_last=1`;
  }
}
