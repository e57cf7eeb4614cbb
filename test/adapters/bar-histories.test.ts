import { afterAll, beforeAll } from 'vitest';
import { dynamoBarHistory } from '#adapters/dynamodb/bar-history.ts';
import { dynamoSliceLog } from '#adapters/dynamodb/slice-log.ts';
import { memoryBarHistory } from '#adapters/memory/bar-history.ts';
import { memorySliceLog } from '#adapters/memory/slice-log.ts';
import { barHistoryContract } from './bar-history-contract.ts';
import { type EmulatedTables, emulatedTables } from './dynamodb/emulated-table.ts';

let tables: EmulatedTables;
let count = 0;
beforeAll(async () => {
  tables = await emulatedTables();
});
afterAll(() => tables.stop());

barHistoryContract('memory', async () => {
  const sliceLog = memorySliceLog();
  return { history: memoryBarHistory({ sliceLog }), sliceLog };
});
barHistoryContract('DynamoDB', async () => {
  count += 1;
  const table = await tables.create(`bars-${count}`);
  const sliceLog = dynamoSliceLog(table);
  return { history: dynamoBarHistory({ ...table, sliceLog }), sliceLog };
});
