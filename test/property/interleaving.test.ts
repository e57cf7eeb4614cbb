import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dynamoLedger } from '#adapters/dynamodb/ledger.ts';
import { type EmulatedTables, emulatedTables } from '#test/adapters/dynamodb/emulated-table.ts';
import { judge } from '#test/simulation/judge.ts';
import { faults } from '#test/simulation/line.ts';
import { type Scenario, type Simulated, simulate } from '#test/simulation/simulate.ts';

/** More runs, or another seed, search further; every failure names the scenario that replays it. */
const RUNS = 60;
const SEED = 20_261_120;

const scenarios = fc.record({
  seed: fc.integer({ min: 1, max: 1_000_000 }),
  faults: fc.subarray([...faults], { minLength: 1 }),
  faultRate: fc.constantFrom(0.02, 0.05, 0.1),
  strategies: fc.constantFrom(1, 2),
  minutes: fc.integer({ min: 10, max: 30 }),
  positionsMax: fc.constantFrom(1, 2),
  dailyStopUsd: fc.constantFrom(300, 1_000_000),
  modesChange: fc.boolean(),
  hurriedQueue: fc.boolean(),
  gapChance: fc.constantFrom(0, 0.05),
  sessionEnds: fc.boolean(),
});

const hostile: Scenario = {
  seed: 7,
  faults,
  faultRate: 0.08,
  strategies: 1,
  minutes: 12,
  positionsMax: 1,
  dailyStopUsd: 300,
  modesChange: true,
  hurriedQueue: true,
  gapChance: 0.05,
  sessionEnds: false,
};

/** What happened often enough to mean something. */
class Tally {
  readonly counts = new Map<string, number>();

  async add({ monitor, queue, ledger, strategy }: Simulated): Promise<void> {
    for (const { kind } of monitor.orders) this.#count(`POST of an ${kind}`);
    for (const { body } of await ledger.rows(strategy.id, 'OUTCOME')) this.#count(`outcome ${body.outcome.kind}`);
    for (const { body } of await ledger.rows(strategy.id, 'DROP')) this.#count(`drop of an ${body.intent.kind}`);
    if (monitor.images.some(({ day }) => day.stopped)) this.#count('daily stop');
    if (monitor.images.some(({ lanes }) => Object.values(lanes).some(({ state }) => state === 'UNKNOWN'))) {
      this.#count('unknown lane');
    }
    this.#count('dead letter', queue.deadLetters);
  }

  #count(what: string, times = 1): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + times);
  }
}

describe('two traders and two executors per strategy, with lost replies, crashes, redelivery and turned modes', () => {
  test('keep one intent to one order, hold the limits, obey the mode and lose no intent', async () => {
    const tally = new Tally();
    const property = fc.asyncProperty(scenarios, async (scenario) => {
      for (const one of await simulate(scenario)) {
        expect(await judge(one)).toEqual([]);
        await tally.add(one);
      }
    });
    await fc.assert(property, { numRuns: RUNS, seed: SEED });
    for (const what of [
      'POST of an enter',
      'POST of an exit',
      'outcome accepted',
      'outcome rejected',
      'outcome not-sent',
      'outcome unknown',
      'drop of an enter',
      'drop of an exit',
      'daily stop',
      'unknown lane',
    ]) {
      expect(tally.counts.get(what) ?? 0, what).toBeGreaterThan(2);
    }
  });

  test('give the same history for the same scenario', async () => {
    const [first] = await simulate(hostile);
    const [again] = await simulate(hostile);
    expect(again?.monitor.images.length).toBeGreaterThan(20);
    expect(again?.monitor.images).toEqual(first?.monitor.images);
  });

  describe('over DynamoDB', () => {
    let tables: EmulatedTables;
    beforeAll(async () => {
      tables = await emulatedTables();
    });
    afterAll(() => tables.stop());

    test('make the history that they make over memory', async () => {
      const [expected] = await simulate(hostile);
      const [one] = await simulate(hostile, dynamoLedger(await tables.create('simulated')));
      expect(await judge(one!)).toEqual([]);
      expect(one?.monitor.images).toEqual(expected?.monitor.images);
      expect(one?.monitor.orders).toEqual(expected?.monitor.orders);
    });
  });
});
