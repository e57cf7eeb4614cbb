import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { liveMetadata } from '#adapters/databento/dbn/metadata.ts';
import { encodeMetadata } from '#adapters/databento/dbn/metadata-writer.ts';
import { encodeRecord } from '#adapters/databento/dbn/record-writer.ts';
import { type RangeProgress, RangeReceiver } from '#adapters/databento/historical/range-receiver.ts';
import { type MadeRecord, madeTrade } from './made-source.ts';

const header = encodeMetadata(liveMetadata({ dataset: 'GLBX.MDP3' }));

/** An answer: the header, and the records from a time on. */
function answer(records: readonly MadeRecord[], fromNs: bigint | null): Buffer {
  const kept = records.filter(({ availableNs }) => fromNs === null || availableNs >= fromNs);
  return Buffer.concat([header, ...kept.map(({ record }) => encodeRecord(record))]);
}

/** What another process would know of it. */
function stored(progress: RangeProgress | null): RangeProgress | undefined {
  if (progress === null) return undefined;
  const text = JSON.stringify(progress, (_, value) => (typeof value === 'bigint' ? `${value}n` : value));
  return JSON.parse(text, (_, value) => (/^\d+n$/.test(value) ? BigInt(value.slice(0, -1)) : value)) as RangeProgress;
}

/** Puts the records of each time in another order. */
function withTiesTurned(records: readonly MadeRecord[]): readonly MadeRecord[] {
  return records
    .toReversed()
    .toSorted((a, b) => (a.availableNs < b.availableNs ? -1 : Number(a.availableNs > b.availableNs)));
}

function byText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

/** Few times and sizes, so that times are shared and records repeated. */
const trades = fc
  .array(
    fc.record({ id: fc.constantFrom(101, 102), afterNs: fc.bigInt(0n, 5n), size: fc.integer({ min: 1, max: 2 }) }),
    {
      maxLength: 25,
    },
  )
  .map((all) => all.map(({ id, afterNs, size }) => madeTrade(id, afterNs, size)))
  .map((all) => all.toSorted((a, b) => (a.availableNs < b.availableNs ? -1 : Number(a.availableNs > b.availableNs))));

describe('a range received in pieces', () => {
  test('is the whole range, each record once, wherever and however often it is cut, in one process or in several', () => {
    const cuts = fc.array(
      fc.record({ share: fc.double({ min: 0, max: 1, noNaN: true }), inNewProcess: fc.boolean() }),
      {
        maxLength: 6,
      },
    );
    const runs = fc.property(
      trades,
      cuts,
      fc.integer({ min: 1, max: 200 }),
      fc.boolean(),
      (records, all, chunk, turns) => {
        const delivered: Uint8Array[] = [];
        let receiver = new RangeReceiver();
        const receive = (bytes: Buffer): void => {
          receiver.begin();
          for (let at = 0; at < bytes.length; at += chunk) {
            delivered.push(...receiver.receive(bytes.subarray(at, at + chunk)));
          }
        };
        const rest = (round: number): Buffer => {
          const ordered = turns && round % 2 === 1 ? withTiesTurned(records) : records;
          return answer(ordered, receiver.progress()?.cutNs ?? null);
        };
        all.forEach(({ share, inNewProcess }, round) => {
          const whole = rest(round);
          receive(whole.subarray(0, Math.floor(share * whole.length)));
          if (inNewProcess) receiver = new RangeReceiver(stored(receiver.progress()));
        });
        receive(rest(all.length));
        receiver.finish();
        expect(receiver.records).toBe(records.length);
        const got = Buffer.concat(delivered);
        const bytesOf = (bytes: Buffer): string[] => {
          const body = bytes.subarray(header.length);
          return Array.from({ length: body.length / 48 }, (_, at) => body.toString('hex', at * 48, at * 48 + 48)).sort(
            byText,
          );
        };
        expect(got.subarray(0, header.length).equals(header)).toBe(true);
        if (turns) expect(bytesOf(got)).toEqual(bytesOf(answer(records, null)));
        else expect(got.equals(answer(records, null))).toBe(true);
      },
    );
    fc.assert(runs, { numRuns: 300 });
  });

  const [first, second, third] = [madeTrade(101, 0n), madeTrade(102, 5n), madeTrade(103, 9n)] as const;

  /** A receiver that was cut off behind the second of three records. */
  function cutOff(): RangeReceiver {
    const receiver = new RangeReceiver();
    receiver.begin();
    receiver.receive(answer([first, second], null));
    receiver.begin();
    return receiver;
  }

  test.each([
    ['no record of its time comes again', [third]],
    ['another one has its place', [madeTrade(102, 5n, 99), third]],
    ['records before the cut come again', [first, second, third]],
  ])('is given up when the data has changed: %s', (_, records) => {
    const receiver = cutOff();
    expect(() => receiver.receive(answer(records, null))).toThrow(/the data has changed; get the whole range anew/);
    expect(receiver.isResumable).toBe(false);
  });

  test('is given up when the rest ends without what came before the cut', () => {
    const receiver = cutOff();
    receiver.receive(answer([], null));
    expect(() => receiver.finish()).toThrow(expect.objectContaining({ code: 'protocol' }));
  });

  test('may get a record twice when the source has it twice', () => {
    const receiver = cutOff();
    const pieces = receiver.receive(answer([second, second, third], null));
    receiver.finish();
    expect(Buffer.concat([...pieces]).length).toBe(2 * 48);
    expect(receiver.records).toBe(4);
  });

  test('is given up when the rest comes in another version', () => {
    const older = encodeMetadata(liveMetadata({ dataset: 'GLBX.MDP3', version: 2 }));
    expect(() => cutOff().receive(older)).toThrow(/another version of DBN/);
  });

  test.each([
    ['before its header ends', header.subarray(0, 20), /before its DBN header/],
    ['inside a record', answer([first], null).subarray(0, -1), /47 bytes into a record/],
  ])('is an error when the answer ends %s', (_, bytes, message) => {
    const receiver = new RangeReceiver();
    receiver.begin();
    receiver.receive(bytes);
    expect(() => receiver.finish()).toThrow(
      expect.objectContaining({ code: 'truncated', message: expect.stringMatching(message) }),
    );
  });

  test('is an error when a record cannot be as short as it says', () => {
    const receiver = new RangeReceiver();
    receiver.begin();
    const bytes = answer([first], null);
    bytes[header.length] = 3;
    expect(() => receiver.receive(bytes)).toThrow(expect.objectContaining({ code: 'corrupt' }));
  });

  test('is known not to be in the order of time, in which case it cannot be resumed', () => {
    const receiver = new RangeReceiver();
    receiver.begin();
    receiver.receive(answer([second, first], null));
    expect(receiver.isResumable).toBe(false);
    expect(cutOff().isResumable).toBe(true);
  });
});
