import type { Clock } from '#core/ports.ts';
import type { Effect, SandboxOrder, SandboxPosition } from './broker.ts';
import { type Answer, answerOf } from './delivery.ts';
import { type ActiveFault, misbehaviours } from './misbehaviour.ts';
import type { SubscriptionSettings } from './plan.ts';
import { type Judgement, parseJson, refusal, SandboxWebhook } from './webhook.ts';

/** What a desk is made of; see `SandboxOptions`. */
export interface DeskOptions {
  readonly accounts: readonly string[];
  readonly settings: SubscriptionSettings;
  /** Clock of the rate limits. */
  readonly clock: Pick<Clock, 'now'>;
}

/** One request to a webhook and what became of it. Never holds the address. */
export interface Received {
  /** From 1, over all webhooks; what a misbehaviour's `when.request` counts. */
  readonly sequence: number;
  /** null when no account has the address. */
  readonly account: string | null;
  /** Receipt by the sandbox's clock, which may be a replay's. */
  readonly timeMs: number;
  /** Receipt by the wall clock. */
  readonly wallTimeMs: number;
  /** The JSON received, or the bare text when it was none. */
  readonly payload: unknown;
  /** Status answered; null when the sandbox hung up. */
  readonly status: number | null;
  /** The documented reply, whether or not it got through; null when a misbehaviour kept the signal from being read. */
  readonly reply: unknown;
  /** What the signal did at the broker; null when it never got there. */
  readonly effect: Effect | null;
  readonly misbehaviour: ActiveFault['kind'] | null;
}

/** A request as it came in. */
export interface WebhookRequest {
  readonly method: string;
  readonly path: string;
  readonly text: string;
  readonly wallTimeMs: number;
}

/** The sandbox without its server: webhooks, faults to commit, and the log of everything received. */
export class SandboxDesk {
  readonly webhooks: readonly SandboxWebhook[];
  readonly faults = misbehaviours();
  readonly log: Received[] = [];
  readonly #clock: Pick<Clock, 'now'>;

  constructor({ accounts, settings, clock }: DeskOptions) {
    this.webhooks = accounts.map((account) => new SandboxWebhook(account, settings));
    this.#clock = clock;
  }

  positions(): (SandboxPosition & { readonly account: string })[] {
    return this.webhooks.flatMap(({ account, broker }) =>
      broker.positions().map((position) => ({ account, ...position })),
    );
  }

  /** Oldest first within an account. */
  orders(): (SandboxOrder & { readonly account: string })[] {
    return this.webhooks.flatMap(({ account, broker }) => broker.orders().map((order) => ({ account, ...order })));
  }

  /** Acts on a request and says what to answer, how late. Recorded before it is answered, so no client is ahead of it. */
  receive(request: WebhookRequest): { readonly received: Received; readonly answer: Answer; readonly delayMs: number } {
    const sequence = this.log.length + 1;
    const timeMs = this.#clock.now();
    const payload = parseJson(request.text);
    const [, uuid, password] = /^\/trading\/webhook\/([^/]+)\/([^/]+)$/.exec(request.path) ?? [];
    const webhook = this.webhooks.find((candidate) => candidate.uuid === uuid);
    const obstacle = obstacleOf(request, { webhook, password, timeMs });
    const fault = obstacle === null ? this.faults.next(sequence, payload) : null;
    const judgement =
      obstacle ?? (fault?.acts === false ? null : (webhook?.judge(request.text, `${sequence}`) ?? null));
    const answer = answerOf(judgement, fault);
    const received: Received = {
      sequence,
      account: webhook?.account ?? null,
      timeMs,
      wallTimeMs: request.wallTimeMs,
      payload: payload ?? request.text,
      status: answer?.status ?? null,
      reply: judgement?.reply ?? null,
      effect: judgement?.effect ?? null,
      misbehaviour: fault?.kind ?? null,
    };
    this.log.push(received);
    return { received, answer, delayMs: fault?.delayMs ?? 0 };
  }
}

interface Addressee {
  readonly webhook: SandboxWebhook | undefined;
  readonly password: string | undefined;
  readonly timeMs: number;
}

/** Why a request is refused before anybody looks at its body; null when nothing stands in its way. */
function obstacleOf(request: WebhookRequest, { webhook, password, timeMs }: Addressee): Judgement | null {
  if (webhook === undefined) return refusal('not-found', 'Webhook not found.');
  if (password !== webhook.password)
    return refusal('invalid-password', 'The password in your webhook URL is not correct.');
  if (request.method !== 'POST') return refusal('post-required', 'The HTTP POST method is required.');
  return webhook.admits(timeMs) ? null : refusal('too-many-requests', 'Too many requests.');
}
