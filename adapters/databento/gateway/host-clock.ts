import { performance } from 'node:perf_hooks';

/** The machine's time, which heartbeats, time limits and the pace go by. */
export interface HostClock {
  /** Milliseconds that only move forward. */
  monotonic(): number;
  /** Calls back once after `ms`; returns what takes the call back. */
  after(ms: number, callback: () => void): () => void;
}

/** The real one. */
export const systemHostClock: HostClock = {
  monotonic: () => performance.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};
