import { errorCodes } from '../dbn/enums.ts';
import type { SubscriptionRequest } from '../protocol/subscription.ts';
import type { GatewayContext } from './context.ts';
import { rankOutrights, readContinuous } from './continuous.ts';
import { errorRecord, subscriptionAck } from './gateway-records.ts';
import { skippableSchemas } from './intervals.ts';
import type { Router } from './router.ts';
import type { SessionWriter } from './session-writer.ts';
import { Subscription } from './subscription-state.ts';

/** A whole request: its lines together, under the id that its acknowledgement quotes. */
export type WholeRequest = Omit<SubscriptionRequest, 'isLast'> & { readonly id: number };

const WEEK_NS = 7n * 86_400_000_000_000n;

/**
 * Takes a subscription into a session and says what the gateway has to say to it: the acknowledgement, the mappings of
 * the instruments that it covers, an error for each symbol that stands for none. A text says why it cannot be.
 */
export async function subscribe(
  request: WholeRequest,
  { context, router, writer }: { context: GatewayContext; router: Router; writer: SessionWriter },
): Promise<string | null> {
  const { clock, disturbances, source } = context;
  const nowNs = clock.now();
  const start = replayStart(request, nowNs, context.replayWindowNs);
  if (start === 'aged-out') return `Replay of ${request.schema} from ${request.start} is no longer available`;
  const subscription = new Subscription({ ...request, start });
  if (request.stypeIn === 'continuous') await resolveContinuous(subscription, nowNs, context);
  router.add(subscription);
  writer.speak(subscriptionAck(subscription.id, subscription.schema, nowNs));
  const { matches, unresolved } = subscription.resolve(source, nowNs, (symbol) => disturbances.isResolvable(symbol));
  for (const match of matches) router.map(match, subscription, nowNs);
  for (const [index, symbol] of unresolved.entries()) {
    const isLast = index === unresolved.length - 1;
    const text = `Failed to resolve symbol: ${symbol}`;
    writer.speak(errorRecord(errorCodes.symbolResolutionFailed, text, { atNs: nowNs, isLast }));
  }
  return null;
}

/** From when on a replay is given: 0 asks for all that there is, and what may be skipped is cut to it. */
function replayStart({ schema, start }: WholeRequest, nowNs: bigint, windowNs: bigint): bigint | null | 'aged-out' {
  if (start === null) return null;
  // The order book and the definitions are kept for the trading week.
  const isKeptLonger = (schema === 'mbo' || schema === 'definition') && windowNs < WEEK_NS;
  const oldestNs = nowNs - (isKeptLonger ? WEEK_NS : windowNs);
  if (start >= oldestNs) return start;
  return start === 0n || skippableSchemas.has(schema) ? oldestNs : 'aged-out';
}

async function resolveContinuous(
  subscription: Subscription,
  nowNs: bigint,
  { source, disturbances }: GatewayContext,
): Promise<void> {
  for (const symbol of subscription.symbols) {
    // A file of continuous data knows its instruments by such symbols only.
    const asked = source.instruments(nowNs).find(({ rawSymbol }) => rawSymbol === symbol);
    const parts = readContinuous(symbol);
    if (parts === null) continue;
    const ranked = asked === undefined ? await rankOutrights(source, parts, nowNs) : [asked];
    const found = asked ?? ranked[parts.rank + disturbances.rollOf(parts.root)];
    if (found !== undefined) subscription.fixed.set(symbol, found.instrumentId);
  }
}
