import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { mergeBatches } from '#adapters/databento/gateway/merged-batches.ts';
import { bar, type MadeRecord, madeSource, minute, START_NS } from './made-source.ts';

interface Input {
  readonly records: readonly MadeRecord[];
  readonly onOpen?: () => void;
}

/** `instrument @minute` of all records, merged. */
async function merged(inputs: readonly Input[]): Promise<string[]> {
  const texts: string[] = [];
  const passes = inputs.map(({ records, onOpen }) => {
    const source = madeSource(records, { batchRecords: 2 });
    const open = () => {
      onOpen?.();
      return source.records({ schemas: source.schemas, fromNs: 0n });
    };
    return { startNs: source.startNs, open };
  });
  for await (const batch of mergeBatches(passes)) {
    for (const { availableNs, bytes } of batch) {
      texts.push(
        `${new DataView(bytes.buffer, bytes.byteOffset).getUint32(4, true)} @${(availableNs - START_NS) / 60_000_000_000n}`,
      );
    }
  }
  return texts;
}

describe('merged passes', () => {
  test('are in order of time, and of equal times in order of the passes', async () => {
    expect(await merged([{ records: [bar(1, 0), bar(1, 2)] }, { records: [bar(2, 0), bar(2, 1), bar(2, 2)] }])).toEqual(
      [...['1 @1', '2 @1', '2 @2', '1 @3', '2 @3']],
    );
  });

  test('open each input only when the others have come to its start', async () => {
    const opened: number[] = [];
    const days = [0, 1, 2].map((day) => ({
      records: [bar(day, day * 10), bar(day, day * 10 + 1)],
      onOpen: () => opened.push(day),
    }));
    const source = [days[2]!, days[0]!, days[1]!];
    expect(await merged(source)).toEqual(['0 @1', '0 @2', '1 @11', '1 @12', '2 @21', '2 @22']);
    expect(opened).toEqual([0, 1, 2]);
  });

  test('are what sorting all records gives', async () => {
    const anyInput = fc.array(fc.nat(20), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(fc.array(anyInput, { maxLength: 4 }), async (minutes) => {
        const inputs = minutes.map((opens, order) => ({
          records: opens.toSorted((a, b) => a - b).map((open) => bar(order, open)),
        }));
        const expected = minutes
          .flatMap((opens, order) => opens.map((open) => ({ order, atNs: minute(open + 1), open })))
          .toSorted((a, b) => Number(a.atNs - b.atNs) || a.order - b.order);
        expect(await merged(inputs)).toEqual(expected.map(({ order, open }) => `${order} @${open + 1}`));
      }),
    );
  });
});
