import type { LedgerRow } from '#core/trading/aggregate.ts';
import { firstDifference, replayed, wholeJournal } from './replayed.ts';
import type { Simulated } from './simulate.ts';

/** Everything that a simulated strategy did wrong, in words; empty when it kept its promises. */
export async function judge(one: Simulated): Promise<string[]> {
  const { monitor, broker, ledger, strategy } = one;
  const wrong = [...monitor.violations, ...broker.violations];
  const held = await ledger.load(strategy.id);
  if (held === null) return [...wrong, `${strategy.id}: no aggregate`];
  const journal = await wholeJournal(ledger, strategy.id);
  const expected = monitor.images.map(({ journal: row }) => row);
  if (JSON.stringify(journal) !== JSON.stringify(expected)) wrong.push('the journal is not what was committed');
  const difference = firstDifference(monitor.images, await replayed(one));
  if (difference !== null) wrong.push(`write ${difference.seq} comes out differently in replay`);
  if (held.outbox.length > 0) wrong.push(`left in the outbox: ${held.outbox.map(({ id }) => id)}`);
  for (const { root, state } of Object.values(held.lanes)) {
    if (state === 'RESERVED' || state === 'ENTERING') wrong.push(`${root} was left ${state}`);
  }
  return [...wrong, ...(await unfinished(one))];
}

/** Intents without exactly one end, and records of intents that were never committed. */
async function unfinished({ monitor, ledger, strategy }: Simulated): Promise<string[]> {
  const rows = <K extends LedgerRow['kind']>(kind: K) => ledger.rows(strategy.id, kind);
  const [drops, orders, outcomes, decisions] = await Promise.all([
    rows('DROP'),
    rows('ORDER'),
    rows('OUTCOME'),
    rows('DECISION'),
  ]);
  const wrong: string[] = [];
  for (const id of monitor.intents.keys()) {
    const dropped = drops.filter(({ body }) => body.intent.id === id).length;
    const sent = orders.filter(({ body }) => body.intentId === id).length;
    const ended = outcomes.filter(({ body }) => body.attempt.intentId === id).map(({ body }) => body.outcome.kind);
    const certain = ended.filter((kind) => kind !== 'unknown').length;
    const isOnce = dropped + sent === 1 && (sent === 0) === (ended.length === 0) && certain <= 1;
    if (!isOnce) wrong.push(`${id}: ${dropped} drops, ${sent} orders, outcomes [${ended}]`);
  }
  for (const { body } of decisions) {
    const isProved = body.certificate !== null && body.verdict !== null && body.mode === 'RUN';
    if (body.action === 'enter' && !isProved) wrong.push(`entered without certificate, verdict or RUN: ${body.id}`);
    if (body.intentId !== null && !monitor.intents.has(body.intentId))
      wrong.push(`decided, never committed: ${body.id}`);
  }
  const committed = monitor.images.flatMap(({ rows }) => rows.filter(({ kind }) => kind === 'DECISION'));
  if (decisions.length !== committed.length) wrong.push('decisions are missing, or there are too many');
  for (const { id } of drops) if (!monitor.intents.has(id)) wrong.push(`dropped, never committed: ${id}`);
  return wrong;
}
