import { enableCompileCache } from 'node:module';
import { join } from 'node:path';
import { dynamoLedger } from '#adapters/dynamodb/ledger.ts';
import { configHash } from '#config/hash.ts';
import type { Config } from '#config/schema.ts';
import { contractError } from '#core/errors.ts';
import { cmeCalendar } from '#core/market/cme-hours.ts';
import type { IngestMessage } from '#ingest-service/messages.ts';
import { type BarMarket, type BarSource, openBarMarket } from './bar-market.ts';
import { createCloud, type LocalCloud } from './cloud.ts';
import { awsEnvironment } from './emulators/emulators.ts';
import { type IngestChild, startIngestChild } from './ingest-child.ts';
import { ingestVariables, KEY_SECRET_NAME } from './ingest-variables.ts';
import { makeLogFolder } from './log-folder.ts';
import { startModes } from './modes.ts';
import type { ProgressCounts } from './progress.ts';
import { createRealClock, createReplayClock, type ReplayClock } from './replay-clock.ts';
import type { FeedCounts, RunResult } from './report.ts';
import { RunOutput } from './run-output.ts';
import { countRun, type RunRecord, readRunRecord } from './run-record.ts';
import { type Sandbox, startSandbox } from './sandbox/server.ts';
import { ledgerTable, stackLine } from './stack-facts.ts';
import { cachedTemplate } from './synth-cache.ts';

type Announced = Extract<IngestMessage, { type: 'announced' }>;

/** What to run. */
export interface RunSettings {
  /** Root folder of the project. */
  readonly rootFolder: string;
  /** Absolute. */
  readonly configPath: string;
  readonly config: Config;
  /**
   * `max` announces a slice as soon as all intents of the last are terminal; a number is times the market's own speed;
   * `live` announces slices as the market makes them, and the run's clock is the real one.
   */
  readonly speed: number | 'max' | 'live';
  /** Where the bars come from. */
  readonly source: BarSource;
  /** More variables for the ingest service; the rest of its environment is the template's. */
  readonly ingestEnvironment?: Readonly<Record<string, string>>;
  /** Says what is being started, in a few lines. */
  readonly say: (line: string) => unknown;
  /** Hears of what went wrong and is being tried again, in a line. */
  readonly onTrouble: (text: string) => unknown;
  /** Hears of every slice that is on the stream. */
  readonly onAnnounced?: (message: Announced) => void;
  /** At speed max: called when everything has come to rest after a slice; the next one waits for it. */
  readonly onQuiet?: (closeTimeMs: number) => Promise<void>;
}

/** A system that has been started and waits for its first slice. */
export interface Supervisor {
  readonly cloud: LocalCloud;
  /** Null when no account has a webhook. */
  readonly sandbox: Sandbox | null;
  /** Process of the ingest service; undefined when there is none. */
  readonly ingestPid: number | undefined;
  /** Rejects when a part of the system ends that must not, and when the signal given at the start is raised. */
  readonly failed: Promise<never>;
  /** Announces slice after slice until the data end, and waits until everything has come to rest. */
  run(): Promise<void>;
  progress(): ProgressCounts;
  /** What the ledger holds by now, and its numbers. */
  record(): Promise<{ readonly record: RunRecord; readonly result: RunResult }>;
  /** Ends every child, thread and server; harmless a second time. */
  stop(): Promise<void>;
}

/**
 * Starts the whole system and returns when it is ready: history stored, functions warm, nothing announced yet.
 *
 * Rejects, with everything stopped again, when a part cannot start or `signal` is raised meanwhile.
 */
export async function startSupervisor(settings: RunSettings, signal: AbortSignal): Promise<Supervisor> {
  const run = new LocalRun(settings, signal);
  try {
    await run.start();
    return run;
  } catch (error) {
    await run.stop();
    throw error;
  }
}

class LocalRun implements Supervisor {
  readonly failed: Promise<never>;
  readonly #settings: RunSettings;
  /** Raised when the run is to end, for whatever reason. */
  readonly #signal: AbortSignal;
  readonly #ending = new AbortController();
  readonly #fail: (error: Error) => void;
  readonly #logFolder: string;
  readonly #output: RunOutput;
  readonly #compileCache: string;
  readonly #clock: ReplayClock;
  readonly #ready = Promise.withResolvers<number>();
  readonly #feedDone = Promise.withResolvers<void>();
  #market: BarMarket | null = null;
  #cloud: LocalCloud | null = null;
  #ingest: IngestChild | null = null;
  #sandbox: Sandbox | null = null;
  #announced: (() => void) | null = null;
  #seen: FeedCounts = { slices: 0, bars: 0, gaps: 0, setAside: 0 };
  #feedCounts: FeedCounts | null = null;
  #stopping: Promise<void> | null = null;

  constructor(settings: RunSettings, signal: AbortSignal) {
    this.#settings = settings;
    this.#clock = settings.speed === 'live' ? createRealClock() : createReplayClock();
    this.#signal = AbortSignal.any([signal, this.#ending.signal]);
    const { promise, reject } = Promise.withResolvers<never>();
    // Whoever waits hears of it; that nobody waits at the moment is no crash.
    promise.catch(() => undefined);
    this.failed = promise;
    this.#fail = reject;
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    // First, because a folder that cannot be written should be heard of before anything else.
    this.#logFolder = makeLogFolder(join(settings.rootFolder, '.rooney/local'), {
      startedMs: Date.now(),
      pid: process.pid,
    });
    this.#output = new RunOutput(this.#logFolder, reject);
    this.#compileCache = join(settings.rootFolder, '.rooney/cache/compiled');
  }

  get cloud(): LocalCloud {
    if (!this.#cloud) throw new Error('the local cloud has not been started');
    return this.#cloud;
  }

  get sandbox(): Sandbox | null {
    return this.#sandbox;
  }

  get ingestPid(): number | undefined {
    return this.#ingest?.pid;
  }

  async start(): Promise<void> {
    const { config, say } = this.#settings;
    // Four functions and the ingest service load the same packages; from the second run on, compiled ones.
    enableCompileCache(this.#compileCache);
    this.#sandbox = await startLocalSandbox(config, this.#clock);
    const { market, cloud } = await this.#open();
    this.#signal.throwIfAborted();
    say(`${stackLine(cloud.stack)}\nbars come from ${market.description}\nlogs in ${this.#logFolder}`);
    this.#storeSecrets(cloud);
    const ingest = this.#startIngest(cloud, market);
    this.#ingest = ingest;
    market.ended.then((closeTimeMs) => ingest.last(closeTimeMs), this.#fail);
    await Promise.race([Promise.all([cloud.start(), this.#ready.promise]), this.failed]);
    this.#clock.advanceTo(await this.#ready.promise);
    say(startModes(config, cloud));
    if (this.#sandbox) say(`orders go to the sandbox at ${new URL(this.#sandbox.url).origin}`);
  }

  async run(): Promise<void> {
    let over = false;
    const end = Promise.race([this.#feedDone.promise, this.failed]).finally(() => {
      over = true;
    });
    if (this.#settings.speed === 'max') while (!over) await Promise.race([this.#step(), end]);
    await end;
    await Promise.race([this.cloud.untilQuiet(this.#signal), this.failed]);
  }

  progress(): ProgressCounts {
    const { slices, bars } = this.#seen;
    const { decisions, orders } = this.#output;
    return { closeTimeMs: this.#clock.now(), slices, bars, decisions, orders };
  }

  async record(): Promise<{ record: RunRecord; result: RunResult }> {
    const { config } = this.#settings;
    const ledger = dynamoLedger({ client: this.cloud.clients.dynamodb, tableName: ledgerTable(this.cloud.stack) });
    const ids = config.strategies.map(({ id }) => id);
    const record = await readRunRecord(ledger, ids);
    const { slices, bars, gaps, ...unused } = this.#feedCounts ?? this.#seen;
    const setAside = unused.setAside + (this.#market?.setAsideBars() ?? 0);
    return { record, result: { slices, bars, gaps, setAside, ...countRun(record), configHash: configHash(config) } };
  }

  async stop(): Promise<void> {
    this.#stopping ??= this.#stopAll();
    await this.#stopping;
  }

  async #stopAll(): Promise<void> {
    // Whoever still waits for the system to come to rest would wait for ever.
    this.#ending.abort();
    await Promise.all([this.#ingest?.stop(), this.#cloud?.stop(), this.#sandbox?.close(), this.#market?.close()]);
    await this.#output.close();
  }

  /** Announces one slice and waits until all of its intents are terminal. */
  async #step(): Promise<void> {
    const announced = new Promise<void>((resolve) => {
      this.#announced = resolve;
    });
    this.#ingest?.advance();
    await announced;
    await this.cloud.untilQuiet(this.#signal);
    await this.#settings.onQuiet?.(this.#clock.now());
  }

  /** Opens the source of the bars and the cloud beside each other; what was opened is stopped with the run. */
  async #open(): Promise<{ market: BarMarket; cloud: LocalCloud }> {
    const { source, config } = this.#settings;
    const options = { calendar: cmeCalendar(), universe: config.market.universe };
    const [market, cloud] = await Promise.allSettled([openBarMarket(source, options), this.#createCloud()]);
    if (market.status === 'fulfilled') this.#market = market.value;
    if (cloud.status === 'fulfilled') this.#cloud = cloud.value;
    if (market.status === 'rejected') throw market.reason;
    if (cloud.status === 'rejected') throw cloud.reason;
    return { market: market.value, cloud: cloud.value };
  }

  async #createCloud(): Promise<LocalCloud> {
    const { rootFolder, configPath, speed } = this.#settings;
    return await createCloud({
      rootFolder,
      configPath,
      template: cachedTemplate(configPath, { rootFolder, cacheFolder: join(rootFolder, '.rooney/cache') }),
      clock: this.#clock,
      pace: speed === 'max' ? 'stepped' : 'timed',
      onOutput: (functionName, text) => this.#output.log(functionName).write(text),
      onTrouble: (text) => this.#settings.onTrouble(text),
      onFailure: this.#fail,
    });
  }

  #startIngest({ stack, emulators }: LocalCloud, market: BarMarket): IngestChild {
    const { rootFolder, ingestEnvironment, speed } = this.#settings;
    if (!stack.ingestEnvironment) throw contractError('template: no task definition for the ingest service');
    const log = this.#output.log('ingest');
    const ingest = startIngestChild({
      rootFolder,
      environment: {
        ...awsEnvironment(emulators.endpoints),
        ...ingestVariables(stack.ingestEnvironment, market, speed),
        ...ingestEnvironment,
        NODE_COMPILE_CACHE: this.#compileCache,
      },
      onMessage: (message) => this.#hear(message),
      onOutput: (text) => log.write(text),
    });
    void ingest.ended.then((code) => {
      if (this.#stopping || this.#feedCounts) return;
      const lastWords = log.recent().slice(-5).join('\n');
      const how = code === null ? 'was killed' : `ended early with code ${code}`;
      this.#fail(contractError(`the ingest service ${how}; see ${log.path}\n${lastWords}`));
    });
    return ingest;
  }

  #hear(message: IngestMessage): void {
    switch (message.type) {
      case 'ready':
        this.#ready.resolve(message.historyEndMs);
        break;
      case 'announced': {
        const { slices, bars, gaps } = this.#seen;
        const counted = { slices: slices + 1, bars: bars + message.bars, gaps: gaps + (message.gap ? 1 : 0) };
        this.#seen = { ...this.#seen, ...counted };
        this.cloud.announced(message.closeTimeMs);
        this.#settings.onAnnounced?.(message);
        this.#announced?.();
        break;
      }
      case 'done':
        this.#feedCounts = message;
        this.#feedDone.resolve();
        break;
      case 'failed':
        this.#fail(contractError(message.message));
        break;
    }
  }

  #storeSecrets({ emulators }: LocalCloud): void {
    emulators.secrets.put(KEY_SECRET_NAME, this.#market?.key ?? '');
    for (const { id, webhookSecret } of this.#settings.config.accounts) {
      // Whatever the route says, an order of a local run never leaves this machine.
      if (webhookSecret !== undefined && this.#sandbox)
        emulators.secrets.put(webhookSecret, this.#sandbox.webhookUrl(id));
    }
  }
}

async function startLocalSandbox(config: Config, clock: { now(): number }): Promise<Sandbox | null> {
  const accounts = config.accounts.filter(({ webhookSecret }) => webhookSecret !== undefined).map(({ id }) => id);
  return accounts.length === 0 ? null : await startSandbox({ port: 0, accounts, clock });
}
