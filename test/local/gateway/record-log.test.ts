import { describe, expect, test } from 'vitest';
import { BatchBuilder } from '#adapters/databento/gateway/batch-builder.ts';
import type { RecordBatch } from '#adapters/databento/gateway/record-batch.ts';
import { RecordLog } from '#local/gateway/record-log.ts';

const RECORD = new Uint8Array(16).fill(0, 1);
RECORD[0] = 4;

/** A log of ten batches of two records each, at the times 1 to 20, that counts its passes and the batches read. */
function log(retainedBatches: number) {
  const counts = { passes: 0, batches: 0 };
  async function* open(): AsyncGenerator<RecordBatch> {
    counts.passes += 1;
    for (let batch = 0; batch < 10; batch++) {
      const builder = new BatchBuilder();
      for (const at of [2 * batch + 1, 2 * batch + 2]) builder.addBytes(RECORD, 6, BigInt(at));
      counts.batches += 1;
      yield builder.batch();
    }
  }
  // A batch takes the bytes of its builder.
  return { counts, log: new RecordLog(open, retainedBatches * (64 * 1024 + 26)) };
}

async function times(batches: AsyncIterable<RecordBatch>): Promise<number[]> {
  const all: number[] = [];
  for await (const batch of batches) all.push(...[...batch].map(({ availableNs }) => Number(availableNs)));
  return all;
}

const from = (first: number): number[] => Array.from({ length: 21 - first }, (_, index) => first + index);

describe('a log of records', () => {
  test('is read once for all who read what is kept', async () => {
    const { log: shared, counts } = log(20);
    expect(await shared.startNs()).toBe(1n);
    expect(shared.endNs).toBeNull();
    expect(await Promise.all([times(shared.read(0n)), times(shared.read(0n)), times(shared.read(6n))])).toEqual([
      ...[from(1), from(1), from(6)],
    ]);
    expect(await times(shared.read(19n))).toEqual([19, 20]);
    expect(counts).toEqual({ passes: 1, batches: 10 });
    expect(shared.endNs).toBe(20n);
  });

  test('keeps no more than it may, and reads again for those who need more', async () => {
    const { log: shared, counts } = log(3);
    expect(await times(shared.read(0n))).toEqual(from(1));
    expect(await times(shared.read(18n))).toEqual(from(18));
    expect(counts.passes).toBe(1);
    expect(await times(shared.read(4n))).toEqual(from(4));
    expect(counts.passes).toBe(2);
  });

  test('goes on for a reader who is slower than what is kept', async () => {
    const { log: shared, counts } = log(3);
    const slow = shared.read(2n);
    const first = await slow.next();
    expect(await times(shared.read(0n))).toEqual(from(1));
    expect([...first.value!].map(({ availableNs }) => Number(availableNs)).concat(await times(slow))).toEqual(from(2));
    expect(counts.passes).toBe(2);
  });

  test('has an end and no beginning when it is empty', async () => {
    const empty = new RecordLog(async function* () {});
    expect(await empty.startNs()).toBeNull();
    expect(empty.endNs).toBeNull();
  });

  test('never takes a pass that broke off for one that has ended', async () => {
    async function* broken(): AsyncGenerator<RecordBatch> {
      const builder = new BatchBuilder();
      builder.addBytes(RECORD, 6, 1n);
      yield builder.batch();
      throw new Error('cut off');
    }
    const shared = new RecordLog(broken);
    for (let read = 0; read < 2; read++) await expect(times(shared.read(0n))).rejects.toThrow('cut off');
    expect(shared.endNs).toBeNull();
  });
});
