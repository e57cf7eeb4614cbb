import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dynamoClient } from '#adapters/dynamodb/client.ts';
import { dynamoSliceLog } from '#adapters/dynamodb/slice-log.ts';
import { type Item, putAll, queryItems } from '#adapters/dynamodb/table.ts';
import { collected } from '../collected.ts';
import { emptySlice } from '../slice-log-contract.ts';
import { badLine, type EmulatedTables, emulatedTables, type Fate, localSettings } from './emulated-table.ts';

let tables: EmulatedTables;
beforeAll(async () => {
  tables = await emulatedTables();
});
afterAll(() => tables.stop());

const itemsOf = (count: number): Item[] =>
  Array.from({ length: count }, (_, index) => ({ pk: { S: 'x' }, sk: { S: String(index).padStart(4, '0') } }));
const wholePartition = { KeyConditionExpression: 'pk = :pk', ExpressionAttributeValues: { ':pk': { S: 'x' } } };

describe('many items', () => {
  test('are all written and all read, over as many batches and pages as it takes', async () => {
    const table = await tables.create('batches');
    const block = new Uint8Array(90_000);
    const items = itemsOf(60).map((item): Item => ({ ...item, block: { B: block } }));
    await putAll(table, items);
    const keys = (await collected(queryItems(table, wholePartition))).map(({ sk }) => sk?.S);
    expect(keys).toEqual(items.map(({ sk }) => sk?.S));
  });

  test('that the service leaves unprocessed are offered again until they are taken', async () => {
    const table = await tables.create('unprocessed');
    const offered: number[] = [];
    const line = await badLine(tables.endpoint, (operation, body): Fate => {
      if (operation !== 'BatchWriteItem') return 'pass';
      const { RequestItems } = body as { RequestItems: { unprocessed: unknown[] } };
      offered.push(RequestItems.unprocessed.length);
      return offered.length > 2 ? 'pass' : { answer: { UnprocessedItems: RequestItems } };
    });
    const client = dynamoClient({ endpoint: line.endpoint, ...localSettings });
    await putAll({ ...table, client }, itemsOf(3));
    await line.stop();
    client.destroy();
    expect(offered).toEqual([3, 3, 3]);
    expect(await collected(queryItems(table, wholePartition))).toHaveLength(3);
  });

  test('that the service never takes are an error that may be tried again', async () => {
    const table = await tables.create('throttled');
    const line = await badLine(tables.endpoint, (_, body) => ({
      answer: { UnprocessedItems: (body as { RequestItems: unknown }).RequestItems },
    }));
    const client = dynamoClient({ endpoint: line.endpoint, ...localSettings });
    const refused = putAll({ ...table, client }, itemsOf(2));
    await expect(refused).rejects.toMatchObject({ kind: 'transient', message: expect.stringContaining('2 items') });
    await line.stop();
    client.destroy();
  });
});

test('a slice whose reply was lost is found stored by its own retry', async () => {
  const table = await tables.create('lost-reply');
  let puts = 0;
  const line = await badLine(tables.endpoint, (operation) => {
    if (operation !== 'PutItem') return 'pass';
    puts += 1;
    return puts === 1 ? 'lose-reply' : 'pass';
  });
  const client = dynamoClient({ endpoint: line.endpoint, ...localSettings });
  const slice = emptySlice('2014-03-05T15:00');
  expect(await dynamoSliceLog({ ...table, client }).put(slice)).toEqual(slice);
  expect(puts).toBe(2);
  await line.stop();
  client.destroy();
});
