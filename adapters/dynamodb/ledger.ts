import { type AttributeValue, GetItemCommand, PutItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { invariant } from '#core/errors.ts';
import { effectiveMode } from '#core/execution/mode.ts';
import type { CommitRule, Ledger } from '#core/ports.ts';
import type { Aggregate, JournalRow, LedgerRow } from '#core/trading/aggregate.ts';
import { answered, type Item, isConditionFailure, putAll, queryItems, type Table, timeKey } from './table.ts';

/**
 * The ledger in one DynamoDB table. Partition `STRATEGY#<id>`: item `STATE` is the aggregate (body as JSON text, so that
 * every double survives; number, op and modes beside it for the conditions), `ROW#<kind>#<time>#<id>` the rows,
 * `JOURNAL#<seq>` the journal.
 */
export function dynamoLedger(table: Table): Ledger {
  const { client, tableName: TableName } = table;
  const stateKey = (strategyId: string) => ({ pk: { S: partition(strategyId) }, sk: { S: 'STATE' } });

  async function load(strategyId: string): Promise<Aggregate | null> {
    const get = new GetItemCommand({ TableName, Key: stateKey(strategyId), ConsistentRead: true });
    const { Item } = await answered(() => client.send(get), `strategy ${strategyId}: the read of its state`);
    return Item === undefined ? null : aggregateOf(Item, strategyId);
  }

  async function bodies<T>(strategyId: string, prefix: string): Promise<T[]> {
    const found: T[] = [];
    const query = {
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
      ExpressionAttributeValues: { ':pk': { S: partition(strategyId) }, ':prefix': { S: prefix } },
    };
    for await (const { body } of queryItems(table, query)) found.push(JSON.parse(body?.S ?? 'null') as T);
    return found;
  }

  return {
    load,

    async create(aggregate) {
      const Item = { ...stateKey(aggregate.strategyId), ...stateAttributes(aggregate) };
      await putIfAbsent(table, Item);
    },

    async commit(next, rule) {
      const { condition, values } = ruleExpression(rule);
      const attributes = stateAttributes(next);
      const names = Object.keys(attributes);
      const update = new UpdateItemCommand({
        TableName,
        Key: stateKey(next.strategyId),
        UpdateExpression: `SET ${names.map((name) => `#${name} = :${name}`).join(', ')}`,
        ConditionExpression: `(#seq = :before${condition}) OR (#seq = :seq AND #op = :op)`,
        ExpressionAttributeNames: Object.fromEntries(names.map((name) => [`#${name}`, name])),
        ExpressionAttributeValues: {
          ...Object.fromEntries(Object.entries(attributes).map(([name, value]) => [`:${name}`, value])),
          ':before': { N: String(next.seq - 1) },
          ...values,
        },
      });
      return await unlessRefused(() =>
        answered(() => client.send(update), `strategy ${next.strategyId}: write ${next.seq}`),
      );
    },

    async writeRows(strategyId, rows) {
      const items = rows.map((row) => ({
        pk: { S: partition(strategyId) },
        sk: { S: rowKey(row) },
        body: { S: JSON.stringify(row) },
      }));
      await putAll(table, items);
    },

    async writeJournal(row) {
      const sk = { S: `JOURNAL#${String(row.seq).padStart(12, '0')}` };
      const Item = { pk: { S: partition(row.strategyId) }, sk, body: { S: JSON.stringify(row) } };
      await putIfAbsent(table, Item);
    },

    async rows<K extends LedgerRow['kind']>(strategyId: string, kind: K) {
      // The aggregate first: what it no longer carries when it is read is stored by then.
      const held = await load(strategyId);
      const stored = await bodies<Extract<LedgerRow, { kind: K }>>(strategyId, `ROW#${kind}#`);
      const carried = held?.rows.filter((row): row is Extract<LedgerRow, { kind: K }> => row.kind === kind) ?? [];
      const byKey = new Map([...stored, ...carried].map((row) => [rowKey(row), row]));
      return [...byKey].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
    },
    journal: (strategyId) => bodies<JournalRow>(strategyId, 'JOURNAL#'),
  };
}

function rowKey({ kind, timeMs, id }: LedgerRow): string {
  return `ROW#${kind}#${timeKey(timeMs)}#${id}`;
}

function partition(strategyId: string): string {
  return `STRATEGY#${strategyId}`;
}

function stateAttributes(aggregate: Aggregate): Record<string, AttributeValue> {
  return {
    seq: { N: String(aggregate.seq) },
    op: { S: aggregate.ops.at(-1) ?? '' },
    lastSliceMs: { N: String(aggregate.lastSliceMs ?? 0) },
    globalMode: { S: effectiveMode(aggregate.modes.global) },
    ownMode: { S: effectiveMode(aggregate.modes.own) },
    body: { S: JSON.stringify(aggregate) },
  };
}

function aggregateOf(item: Record<string, AttributeValue>, strategyId: string): Aggregate {
  const aggregate = JSON.parse(item.body?.S ?? 'null') as Aggregate | null;
  invariant(
    aggregate?.schemaVersion === 1 && aggregate.strategyId === strategyId,
    `ledger: the state of strategy ${strategyId} has schema ${aggregate?.schemaVersion} of ${aggregate?.strategyId}, expected 1`,
  );
  return aggregate;
}

function ruleExpression({ sliceAfterMs, modesIn }: CommitRule): {
  condition: string;
  values: Record<string, AttributeValue>;
} {
  const values: Record<string, AttributeValue> = {};
  let condition = '';
  if (sliceAfterMs !== undefined) {
    values[':sliceAfterMs'] = { N: String(sliceAfterMs) };
    condition += ' AND #lastSliceMs < :sliceAfterMs';
  }
  if (modesIn !== undefined) {
    const names = modesIn.map((mode, index) => {
      values[`:mode${index}`] = { S: mode };
      return `:mode${index}`;
    });
    condition += ` AND #globalMode IN (${names.join(', ')}) AND #ownMode IN (${names.join(', ')})`;
  }
  return { condition, values };
}

async function putIfAbsent({ client, tableName }: Table, item: Item): Promise<void> {
  const put = { TableName: tableName, Item: { ...item }, ConditionExpression: 'attribute_not_exists(pk)' };
  await unlessRefused(() => answered(() => client.send(new PutItemCommand(put)), `ledger: put of ${item.sk?.S}`));
}

/** True when the write was made, false when its condition was not met. */
async function unlessRefused(write: () => Promise<unknown>): Promise<boolean> {
  try {
    await write();
    return true;
  } catch (error) {
    if (isConditionFailure(error)) return false;
    throw error;
  }
}
