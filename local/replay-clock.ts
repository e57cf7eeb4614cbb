/** Time of a run: in a replay the newest `closeTimeMs` that was announced, which only moves forward. */
export interface ReplayClock {
  /** UTC milliseconds; 0 before the first slice. */
  now(): number;
  /** Moves the clock to an instant; an earlier one changes nothing. */
  advanceTo(timeMs: number): void;
}

/** The machine's own clock, which nobody moves. */
export function createRealClock(): ReplayClock {
  return { now: () => Date.now(), advanceTo: () => undefined };
}

/** A clock that stands where the slices put it. */
export function createReplayClock(): ReplayClock {
  let nowMs = 0;
  return {
    now: () => nowMs,
    advanceTo(timeMs) {
      nowMs = Math.max(nowMs, timeMs);
    },
  };
}
