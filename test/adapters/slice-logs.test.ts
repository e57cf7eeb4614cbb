import { afterAll, beforeAll } from 'vitest';
import { dynamoSliceLog } from '#adapters/dynamodb/slice-log.ts';
import { memorySliceLog } from '#adapters/memory/slice-log.ts';
import { type EmulatedTables, emulatedTables } from './dynamodb/emulated-table.ts';
import { sliceLogContract } from './slice-log-contract.ts';

let tables: EmulatedTables;
let count = 0;
beforeAll(async () => {
  tables = await emulatedTables();
});
afterAll(() => tables.stop());

sliceLogContract('memory', async () => memorySliceLog());
sliceLogContract('DynamoDB', async () => {
  count += 1;
  return dynamoSliceLog(await tables.create(`slices-${count}`));
});
