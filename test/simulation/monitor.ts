import { CLAIM_AGE_MAX_MS } from '#core/execution/claim.ts';
import { modeInForce } from '#core/execution/mode.ts';
import type { Order } from '#core/execution/order.ts';
import type { Outcome } from '#core/execution/outcome.ts';
import { cmeCalendar } from '#core/market/cme-hours.ts';
import { instrumentOf } from '#core/market/instrument.ts';
import type { Ledger } from '#core/ports.ts';
import type { Strategy } from '#core/strategy/strategy.ts';
import { type Aggregate, slotsUsed } from '#core/trading/aggregate.ts';
import type { Intent } from '#core/trading/intent.ts';
import { COOLDOWN_MS } from '#core/trading/lane.ts';
import type { Actor } from './line.ts';
import type { World } from './world.ts';

/** An exit may be repeated when the one before it is so old that its effect is seen: spec, execution 4.5. */
const EXIT_REPEAT_MIN_MS = 15_000;

/** Watches one strategy's commits and orders from outside time, and writes down what must never happen. */
export interface Monitor {
  readonly violations: readonly string[];
  /** Every committed image, in order. */
  readonly images: readonly Aggregate[];
  /** Every intent that was ever committed. */
  readonly intents: ReadonlyMap<string, Intent>;
  readonly orders: readonly Order[];
  /** The ledger, with every commit watched. */
  watch(ledger: Ledger): Ledger;
  /** An actor sends the request of a commit. */
  asked(next: Aggregate): void;
  posted(actor: Actor, order: Order): void;
  answered(order: Order, outcome: Outcome): void;
}

export function makeMonitor(world: World, strategy: Strategy): Monitor {
  const calendar = cmeCalendar();
  const violations: string[] = [];
  const images: Aggregate[] = [];
  const intents = new Map<string, Intent>();
  const orders: Order[] = [];
  const flatSince = new Map<string, number>();
  const askedAt = new Map<string, number>();
  const claims = new Map<string, Aggregate>();
  const lastExit = new Map<string, { order: Order; atMs: number; outcome: Outcome | null }>();
  const check = (holds: boolean, what: string): void => {
    if (!holds) violations.push(`${strategy.id}: ${what}`);
  };

  function committed(before: Aggregate, next: Aggregate): void {
    images.push(next);
    check(next.seq === images.length, `write ${next.seq} is the ${images.length}th`);
    for (const intent of next.outbox) intents.set(intent.id, intent);
    checkLanes(before, next);
    const change = next.journal?.change;
    if (change?.kind === 'claim') checkClaim(before, next, change.attempt.id);
    if (change?.kind === 'slice') checkSlice(next);
    if (change?.kind === 'settle' && change.attempt.kind === 'exit' && change.outcome.kind === 'accepted') {
      flatSince.set(change.root, Math.max(change.atMs, flatSince.get(change.root) ?? 0));
    }
    for (const scope of ['global', 'own'] as const) {
      const [was, is] = [before.modes[scope], next.modes[scope]];
      const isOlder = is.lastModifiedMs < was.lastModifiedMs || is.version < was.version;
      check(!isOlder, `${scope} mode went back from version ${was.version} to ${is.version}`);
    }
  }

  function checkLanes(before: Aggregate, next: Aggregate): void {
    const { positionsMax } = strategy.limits;
    for (const [root, lane] of Object.entries(next.lanes)) {
      const was = before.lanes[root]?.state;
      if (was !== 'RESERVED' && lane.state === 'RESERVED') {
        check(slotsUsed(next) <= positionsMax, `${root} reserved slot ${slotsUsed(next)} of ${positionsMax}`);
        const restedMs = (next.lastSliceMs ?? 0) - (flatSince.get(root) ?? 0);
        check(restedMs >= COOLDOWN_MS, `${root} reserved ${restedMs} ms after an accepted exit`);
      }
      if (was === 'RESERVED') {
        check(
          ['RESERVED', 'ENTERING', 'FLAT', 'LOCKED'].includes(lane.state),
          `${root} from RESERVED to ${lane.state}`,
        );
      }
    }
    // A late acceptance locks a flat lane, whatever the slots: what the broker holds is a fact.
    const used = Object.values(next.lanes).filter(({ state }) => state !== 'FLAT' && state !== 'LOCKED').length;
    check(used <= positionsMax, `${used} slots of ${positionsMax}`);
  }

  function checkClaim(before: Aggregate, next: Aggregate, attemptId: string): void {
    const change = next.journal?.change;
    if (change?.kind !== 'claim') return;
    check(!claims.has(attemptId), `${attemptId} claimed twice`);
    claims.set(attemptId, next);
    const mode = modeInForce(before.modes);
    const intent = before.outbox.find(({ id }) => id === change.intentId);
    check(intent !== undefined, `${attemptId} claimed from nowhere`);
    if (change.attempt.kind === 'enter') {
      check(mode === 'RUN', `entry ${attemptId} claimed in ${mode}`);
      check(!before.day.stopped, `entry ${attemptId} claimed after the daily stop`);
      check(change.attempt.sentAtMs < (intent?.expiresAtMs ?? 0), `entry ${attemptId} claimed after its expiry`);
    } else {
      check(mode !== 'HALT', `exit ${attemptId} claimed in HALT`);
    }
  }

  /** After a breach, or in FLATTEN, the same slice leaves nothing that could become or stay a risk. */
  function checkSlice(next: Aggregate): void {
    const mode = modeInForce(next.modes);
    const lanes = Object.values(next.lanes);
    if (mode !== 'RUN' || next.day.stopped) {
      check(
        !next.outbox.some(({ kind }) => kind === 'enter'),
        `an entry waits in ${mode}, stopped ${next.day.stopped}`,
      );
      check(!lanes.some(({ state }) => state === 'RESERVED'), `a reservation is kept in ${mode}`);
    }
    if (mode === 'FLATTEN' || next.day.stopped) {
      const kept = lanes.filter(
        ({ state, latched }) => state === 'OPEN' || state === 'UNKNOWN' || (state === 'ENTERING' && latched === null),
      );
      check(
        kept.length === 0,
        `${kept.map(({ root, state }) => `${root} ${state}`)} kept, stopped ${next.day.stopped}`,
      );
    }
  }

  function checkExit(order: Order): void {
    const last = lastExit.get(order.contract);
    const lane = Object.values(images.at(-1)?.lanes ?? {}).find(({ epoch }) => epoch === order.epoch);
    check(lane !== undefined, `exit ${order.orderId} sent although a newer entry was claimed`);
    const repeats = last !== undefined && last.outcome?.kind !== 'rejected' && last.outcome?.kind !== 'not-sent';
    const ageMs = world.now() - (last?.atMs ?? 0);
    check(
      !repeats || ageMs >= EXIT_REPEAT_MIN_MS,
      `exit ${order.orderId} sent ${ageMs} ms after ${last?.order.orderId}`,
    );
    lastExit.set(order.contract, { order, atMs: world.now(), outcome: null });
  }

  return {
    violations,
    images,
    intents,
    orders,
    watch: (ledger) => ({
      ...ledger,
      async commit(next, rule) {
        const before = await ledger.load(next.strategyId);
        const done = await ledger.commit(next, rule);
        if (done && before !== null && before.seq === next.seq - 1) committed(before, next);
        return done;
      },
    }),
    asked(next) {
      const op = next.ops.at(-1) ?? '';
      if (!askedAt.has(op)) askedAt.set(op, world.now());
    },
    posted(actor, order) {
      check(!orders.some(({ orderId }) => orderId === order.orderId), `${order.orderId} posted twice`);
      if (order.kind === 'enter') {
        check(!orders.some(({ intentId }) => intentId === order.intentId), `entry ${order.intentId} posted twice`);
      } else checkExit(order);
      const session = calendar.sessionAt(instrumentOf(order.root).group, world.now());
      check(session !== null, `${order.orderId} posted into a closed market`);
      orders.push(order);
      const op = claims.get(order.orderId)?.ops.at(-1) ?? 'no claim';
      check(op.startsWith(`${actor.id}:`), `${order.orderId} claimed by ${op}, posted by ${actor.id}`);
      const ageMs = world.now() - (askedAt.get(op) ?? Number.NEGATIVE_INFINITY);
      check(ageMs <= CLAIM_AGE_MAX_MS, `${order.orderId} posted ${ageMs} ms after its claim was sent`);
    },
    answered(order, outcome) {
      const last = lastExit.get(order.contract);
      if (last?.order.orderId === order.orderId) last.outcome = outcome;
    },
  };
}
