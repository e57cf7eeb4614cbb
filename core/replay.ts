import { contractError, invariant } from './errors.ts';
import { applyClaim, applyDrop, applySettle } from './execution/claim.ts';
import type { SessionCalendar } from './market/session-calendar.ts';
import type { Slice } from './market/slice.ts';
import type { BarHistory } from './ports.ts';
import { conclude } from './strategy/conclude.ts';
import { propose } from './strategy/propose.ts';
import { readWindows, type StepInput, windowsNeeded } from './strategy/step-input.ts';
import type { Strategy } from './strategy/strategy.ts';
import {
  type Aggregate,
  type Change,
  type Changed,
  type JournalRow,
  newAggregate,
  sealed,
  withLane,
} from './trading/aggregate.ts';
import { transition } from './trading/lane-table.ts';

/** What was recorded besides the journal. The model is not needed: its answers are in the journal. */
export interface Recorded {
  /** With the parameters that were traded; `configHash` of a decision names them. */
  readonly strategy: Strategy;
  readonly calendar: SessionCalendar;
  readonly history: Pick<BarHistory, 'window'>;
  /** The stored slice that closed at an instant; null when there is none. */
  slice(closeTimeMs: number): Promise<Slice | null>;
}

/**
 * Makes every write of a strategy again, from a new aggregate, and yields each image: equal to the one that was committed,
 * bit for bit, rows and decisions included.
 *
 * `journal` is in order and whole: the stored rows and the one that the aggregate still carries. Throws a contract error
 * where a write or a slice is missing.
 */
export async function* replay(
  recorded: Recorded,
  journal: Iterable<JournalRow>,
): AsyncGenerator<Aggregate, void, undefined> {
  const { strategy } = recorded;
  let held = newAggregate(
    strategy.id,
    strategy.lines.map(({ root }) => root),
  );
  for (const { seq, op, change } of journal) {
    if (seq !== held.seq + 1) {
      throw contractError(`journal of strategy ${strategy.id}: expected write ${held.seq + 1}, found write ${seq}`);
    }
    held = sealed(held, await changeAgain(recorded, held, change), op);
    yield held;
  }
}

async function changeAgain(recorded: Recorded, held: Aggregate, change: Change): Promise<Changed> {
  switch (change.kind) {
    case 'slice':
      return await stepAgain(recorded, held, change);
    case 'claim': {
      const claimed = applyClaim(held, change.attempt);
      invariant(
        claimed !== null,
        `journal of strategy ${held.strategyId}: write ${held.seq + 1} claims what is not there`,
      );
      return claimed;
    }
    case 'drop':
      return applyDrop(held, change);
    case 'settle':
      return applySettle(held, change);
    case 'lane': {
      const lane = held.lanes[change.root];
      invariant(
        lane !== undefined,
        `journal of strategy ${held.strategyId}: write ${held.seq + 1} has no lane ${change.root}`,
      );
      const moved = transition(lane, change.event);
      return { aggregate: withLane(held, moved), rows: [], change };
    }
  }
}

async function stepAgain(
  { strategy, calendar, history, slice: read }: Recorded,
  held: Aggregate,
  { closeTimeMs, receiptTimeMs, readings, verdicts }: Extract<Change, { kind: 'slice' }>,
): Promise<Changed> {
  const slice = await read(closeTimeMs);
  if (slice === null) {
    throw contractError(
      `strategy ${strategy.id}: write ${held.seq + 1} decided on slice ${closeTimeMs}, which is not stored`,
    );
  }
  const needed = windowsNeeded({ strategy, held, slice }, () => ({}));
  const windows = await readWindows(needed, { window: (request) => history.window(request, closeTimeMs) });
  const input: StepInput = { strategy, calendar, held, slice, receiptTimeMs, readings, windows };
  return conclude(propose(input), verdicts);
}
