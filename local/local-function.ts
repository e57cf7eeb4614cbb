import { type HostSettings, type Invocation, WorkerHost } from './worker-host.ts';

/** Runs events in the environments of one function. */
export interface LocalFunction {
  readonly name: string;
  readonly arn: string;
  /** Starts one environment ahead of the first event; throws when its factory fails. */
  warm(nowMs: number): Promise<void>;
  /** Runs an event in a free environment, in a new one, or in none: then it is throttled. */
  invoke(event: unknown, nowMs: number): Promise<Invocation>;
  /** Changes how many environments may exist; 0 throttles everything, as reserved concurrency 0 does. */
  setConcurrency(environmentsMax: number): void;
  /** Crashes every environment; the next event starts afresh. */
  terminate(): Promise<void>;
  /** Freezes every environment. */
  pause(): void;
  resume(): void;
  /** Heap after a forced collection, one number per living environment. */
  heapUsedBytes(): Promise<readonly number[]>;
}

/** Makes a function with at most `environmentsMax` environments at a time. */
export function createLocalFunction(settings: HostSettings, environmentsMax = 1): LocalFunction {
  let concurrencyMax = settings.spec.reservedConcurrency ?? environmentsMax;
  let hosts: WorkerHost[] = [];
  const freeHost = (nowMs: number): WorkerHost | null => {
    hosts = hosts.filter((host) => !host.isGone);
    const free = hosts.find((host) => !host.isBusy);
    if (concurrencyMax > 0 && free) return free;
    if (hosts.length >= concurrencyMax) return null;
    const host = new WorkerHost(settings, nowMs);
    hosts.push(host);
    return host;
  };
  return {
    name: settings.spec.name,
    arn: settings.spec.arn,
    async warm(nowMs) {
      const failure = await freeHost(nowMs)?.initialise();
      if (failure)
        throw new Error(`${settings.spec.name} did not start: ${failure.errorType}: ${failure.errorMessage}`);
    },
    async invoke(event, nowMs) {
      const host = freeHost(nowMs);
      return host ? await host.invoke(event, nowMs) : { status: 'throttled' };
    },
    setConcurrency(environments) {
      concurrencyMax = environments;
    },
    async terminate() {
      await Promise.all(hosts.map((host) => host.terminate()));
    },
    pause() {
      for (const host of hosts) host.pause();
    },
    resume() {
      for (const host of hosts) host.resume();
    },
    async heapUsedBytes() {
      const sizes = await Promise.all(hosts.map((host) => host.heapUsedBytes()));
      return sizes.filter((size) => size !== null);
    },
  };
}
