import { makeRandom, type Random } from '#adapters/generator/random.ts';

/** Virtual time: everything that happens is an event, and one event is worked off completely before the next. */
export interface World {
  readonly random: Random;
  now(): number;
  /** Runs `act` so many milliseconds from now. */
  after(delayMs: number, act: () => void): void;
  sleep(delayMs: number): Promise<void>;
  /** Does something real, such as a request to an emulator, during which virtual time stands still. */
  real<T>(act: () => Promise<T>): Promise<T>;
  /** True with a probability. */
  chance(probability: number): boolean;
  /** Works off every event up to an instant. */
  run(untilMs: number): Promise<void>;
}

interface Event {
  readonly atMs: number;
  readonly act: () => void;
}

/** Makes a world. The same seed and the same actors give the same history. */
export function makeWorld(seed: number, startMs: number): World {
  const random = makeRandom(seed, 'world');
  const events: Event[] = [];
  let nowMs = startMs;
  let underWay = 0;

  function after(delayMs: number, act: () => void): void {
    const event = { atMs: nowMs + Math.max(0, delayMs), act };
    let at = events.length;
    while (at > 0 && (events[at - 1] as Event).atMs > event.atMs) at -= 1;
    events.splice(at, 0, event);
  }

  return {
    random,
    now: () => nowMs,
    after,
    sleep: (delayMs) => new Promise((resolve) => after(delayMs, resolve)),
    async real(act) {
      underWay += 1;
      try {
        return await act();
      } finally {
        underWay -= 1;
      }
    },
    chance: (probability) => random.uniform() < probability,
    async run(untilMs) {
      for (let event = events[0]; event !== undefined && event.atMs <= untilMs; event = events[0]) {
        events.shift();
        nowMs = event.atMs;
        event.act();
        do await new Promise(setImmediate);
        while (underWay > 0);
      }
      nowMs = untilMs;
    },
  };
}
