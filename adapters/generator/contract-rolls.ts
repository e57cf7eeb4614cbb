import { dateOfDay, dayOfDate, weekdayOfDay } from '#core/market/chicago-time.ts';
import { type Contract, formatContract, nextLiquidContract } from '#core/market/contract.ts';

/** Weekday from the first session at which the first family rolls, the distance of the next ones, and their cycle. */
const FIRST_ROLL_WEEKDAY = 2;
const ROLL_SPACING_WEEKDAYS = 5;
const ROLL_CYCLE_WEEKDAYS = 21;
/** Days a contract must still have from its roll to the first of its delivery month: no product has expired by then. */
const DAYS_TO_DELIVERY_MIN = 18;
/** Volume share of the next month by weekdays from the roll, at which it first trades more than the one it follows. */
const SHARE_FROM_WEEKDAY = -3;
const NEXT_SHARES = [0.06, 0.15, 0.35, 0.65, 0.85, 0.95];
const QUIET_SHARE = 0.02;
const DAYS_PER_YEAR = 365.25;

/** A contract that trades in a session. */
export interface TradedContract {
  readonly contract: string;
  /** Share of the root's volume, in (0, 1). */
  readonly volumeShare: number;
  /** Years from the first session to the first of the delivery month. */
  readonly yearsAhead: number;
}

/**
 * The two months of a root that trade in each session, the front one first. The volume moves over within a week around a
 * roll; rolls are spread so that families roll one after the other, one of them in the third session. `position` counts
 * the families, so that all roots of one roll together.
 */
export function makeContractRolls(
  root: string,
  { firstTradeDate, position }: { readonly firstTradeDate: string; readonly position: number },
): (tradeDate: string) => readonly [TradedContract, TradedContract] {
  const firstDay = dayOfDate(firstTradeDate);
  const rollWeekdays = FIRST_ROLL_WEEKDAY + ROLL_SPACING_WEEKDAYS * position;
  const firstRollDay = addWeekdays(firstDay, rollWeekdays % ROLL_CYCLE_WEEKDAYS);
  let front = nextLiquidContract(root, monthOf(firstRollDay + DAYS_TO_DELIVERY_MIN));
  const leadDays = deliveryDay(front) - firstRollDay;

  const traded = (contract: Contract, volumeShare: number): TradedContract => ({
    contract: formatContract(contract),
    volumeShare,
    yearsAhead: (deliveryDay(contract) - firstDay) / DAYS_PER_YEAR,
  });

  return (tradeDate) => {
    const sinceRoll = (): number => weekdaysBetween(deliveryDay(front) - leadDays, dayOfDate(tradeDate));
    while (sinceRoll() >= SHARE_FROM_WEEKDAY + NEXT_SHARES.length) front = nextLiquidContract(root, front);
    const nextShare = NEXT_SHARES[sinceRoll() - SHARE_FROM_WEEKDAY] ?? QUIET_SHARE;
    return [traded(front, 1 - nextShare), traded(nextLiquidContract(root, front), nextShare)];
  };
}

function monthOf(day: number): { year: number; month: number } {
  const [year, month] = dateOfDay(day).split('-').map(Number);
  return { year: year ?? 0, month: month ?? 0 };
}

/** First day of the delivery month. */
function deliveryDay({ year, month }: Contract): number {
  return dayOfDate(`${year}-${String(month).padStart(2, '0')}-01`);
}

function isWeekday(day: number): boolean {
  return weekdayOfDay(day) !== 0 && weekdayOfDay(day) !== 6;
}

function addWeekdays(day: number, count: number): number {
  let reached = day;
  for (let left = count; left > 0; ) {
    reached += 1;
    if (isWeekday(reached)) left -= 1;
  }
  return reached;
}

/** Weekdays after `fromDay` up to `toDay`; negative when `toDay` comes first. */
function weekdaysBetween(fromDay: number, toDay: number): number {
  if (toDay < fromDay) return -weekdaysBetween(toDay, fromDay);
  let count = 0;
  for (let day = fromDay + 1; day <= toDay; day++) if (isWeekday(day)) count += 1;
  return count;
}
