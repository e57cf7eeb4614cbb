import type { Order } from '#core/execution/order.ts';
import type { Trade } from '#core/trading/pnl.ts';
import { actionOf, type RunCounts, type RunRecord } from './run-record.ts';

const ROWS_MAX = 60;

/** Slices and bars as the ingest service counted them. `bars` are minute bars, `setAside` those of them that were not used. */
export interface FeedCounts {
  readonly slices: number;
  readonly bars: number;
  readonly gaps: number;
  readonly setAside: number;
}

/** The result of a run as `--json` prints it. */
export type RunResult = FeedCounts & RunCounts & { readonly configHash: string };

/** The tables of orders and trades and the totals, as text for people. Times are Chicago's. */
export function reportText(record: RunRecord, result: RunResult): string {
  const outcomes = new Map(record.outcomes.map(({ attempt, outcome }) => [attempt.id, outcome.kind]));
  const orders = record.orders.map((order) => orderRow(order, outcomes.get(order.orderId) ?? 'unsettled'));
  const trades = record.trades.map(tradeRow);
  return [
    titled('Orders', table(['decided', 'strategy', 'action', 'size', 'contract', 'signal price', 'outcome'], orders)),
    titled('Trades', table(['entered', 'left', 'strategy', 'position', 'in', 'out', 'reason', 'net USD'], trades)),
    totals(result),
  ].join('\n\n');
}

function orderRow(order: Order, outcome: string): string[] {
  const { decisionTimeMs, strategyId, quantity, contract, signalPrice } = order;
  const size = quantity === null ? 'all' : String(quantity);
  return [chicagoTime(decisionTimeMs), strategyId, actionOf(order), size, contract, String(signalPrice), outcome];
}

function tradeRow(trade: Trade): string[] {
  return [
    chicagoTime(trade.entryTimeMs),
    chicagoTime(trade.exitTimeMs),
    trade.strategyId,
    `${trade.side} ${trade.quantity} ${trade.contract}${trade.assumed ? ' (assumed)' : ''}`,
    String(trade.entryPrice),
    String(trade.exitPrice),
    trade.exitReason,
    trade.netUsd.toFixed(2),
  ];
}

function totals(result: RunResult): string {
  const { decisions, attempts } = result;
  const words = (counts: Readonly<Record<string, number>>): string =>
    Object.entries(counts)
      .filter(([, count]) => count > 0)
      .map(([name, count]) => `${count} ${name}`)
      .join(', ') || 'none';
  return [
    `${result.slices} slices (${result.gaps} gaps), ${result.bars} minute bars${setAsideText(result)}`,
    `decisions: ${words(decisions)}`,
    `intents: ${result.intents}; attempts: ${words(attempts)}`,
    `trades: ${result.trades}, ${result.pnlUsd.toFixed(2)} USD after costs`,
    `left as they are: ${result.openLanes} open lanes, ${result.pendingFills} pending fills`,
    `configuration ${result.configHash.slice(0, 12)}, orders ${result.orderListHash.slice(0, 12)}`,
  ].join('\n');
}

function setAsideText({ setAside }: FeedCounts): string {
  return setAside === 0 ? '' : `, ${setAside} of them outside their session and set aside`;
}

/** Rows under a header, each column as wide as it must be; numbers to the right. */
function table(header: readonly string[], rows: readonly string[][]): string {
  if (rows.length === 0) return '  none';
  const shown = rows.slice(-ROWS_MAX);
  const widths = header.map((name, column) => Math.max(name.length, ...shown.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `  ${cells.map((cell, column) => pad(cell, widths[column] ?? 0)).join('  ')}`.trimEnd();
  const earlier =
    rows.length > shown.length ? [`  (${rows.length - shown.length} earlier ones are in the ledger)`] : [];
  return [line(header), ...earlier, ...shown.map(line)].join('\n');
}

function pad(cell: string, width: number): string {
  return /^-?[\d.]+$/.test(cell) ? cell.padStart(width) : cell.padEnd(width);
}

function titled(title: string, text: string): string {
  return `${title}\n${text}`;
}

const chicago = new Intl.DateTimeFormat('sv-SE', {
  timeZone: 'America/Chicago',
  dateStyle: 'short',
  timeStyle: 'short',
});

/** `2013-10-09 13:00` in Chicago. */
export function chicagoTime(timeMs: number): string {
  return chicago.format(timeMs);
}
