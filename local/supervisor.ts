import { enableCompileCache } from 'node:module';
import { join } from 'node:path';
import { dynamoLedger } from '#adapters/dynamodb/ledger.ts';
import { configHash } from '#config/hash.ts';
import type { Config } from '#config/schema.ts';
import { contractError } from '#core/errors.ts';
import type { IngestMessage } from '#ingest-service/messages.ts';
import { createCloud, type LocalCloud } from './cloud.ts';
import { awsEnvironment } from './emulators/emulators.ts';
import { type IngestChild, startIngestChild } from './ingest-child.ts';
import { makeLogFolder } from './log-folder.ts';
import { startModes } from './modes.ts';
import type { ProgressCounts } from './progress.ts';
import { createReplayClock } from './replay-clock.ts';
import type { FeedCounts, RunResult } from './report.ts';
import { RunOutput } from './run-output.ts';
import { countRun, type RunRecord, readRunRecord } from './run-record.ts';
import { type Sandbox, startSandbox } from './sandbox/server.ts';
import { cachedTemplate } from './synth-cache.ts';

type Announced = Extract<IngestMessage, { type: 'announced' }>;

/** What to run. */
export interface RunSettings {
  /** Root folder of the project. */
  readonly rootFolder: string;
  /** Absolute. */
  readonly configPath: string;
  readonly config: Config;
  /** `max` announces a slice as soon as all intents of the last are terminal; a number is times the market's own speed. */
  readonly speed: number | 'max';
  /** Variables that say what the ingest service reads; the rest of its environment is the template's. */
  readonly feed: Readonly<Record<string, string>>;
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
  readonly #clock = createReplayClock();
  readonly #ready = Promise.withResolvers<number>();
  readonly #feedDone = Promise.withResolvers<void>();
  #cloud: LocalCloud | null = null;
  #ingest: IngestChild | null = null;
  #sandbox: Sandbox | null = null;
  #announced: (() => void) | null = null;
  #seen: FeedCounts = { slices: 0, bars: 0, gaps: 0, setAside: 0 };
  #feedCounts: FeedCounts | null = null;
  #stopping: Promise<void> | null = null;

  constructor(settings: RunSettings, signal: AbortSignal) {
    this.#settings = settings;
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
    const cloud = await this.#createCloud();
    this.#cloud = cloud;
    this.#signal.throwIfAborted();
    say(`${cloudLine(cloud)}\nlogs in ${this.#logFolder}`);
    this.#storeSecrets(cloud);
    this.#ingest = this.#startIngest(cloud);
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
    const ledger = dynamoLedger({ client: this.cloud.clients.dynamodb, tableName: ledgerTable(this.cloud) });
    const ids = config.strategies.map(({ id }) => id);
    const record = await readRunRecord(ledger, ids);
    const { slices, bars, gaps, setAside } = this.#feedCounts ?? this.#seen;
    return { record, result: { slices, bars, gaps, setAside, ...countRun(record), configHash: configHash(config) } };
  }

  async stop(): Promise<void> {
    this.#stopping ??= this.#stopAll();
    await this.#stopping;
  }

  async #stopAll(): Promise<void> {
    // Whoever still waits for the system to come to rest would wait for ever.
    this.#ending.abort();
    await Promise.all([this.#ingest?.stop(), this.#cloud?.stop(), this.#sandbox?.close()]);
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

  #startIngest({ stack, emulators }: LocalCloud): IngestChild {
    const { rootFolder, feed, speed } = this.#settings;
    if (!stack.ingestEnvironment) throw contractError('template: no task definition for the ingest service');
    const log = this.#output.log('ingest');
    const own = { SPEED: speed === 'max' ? 'stepped' : String(speed), NODE_COMPILE_CACHE: this.#compileCache };
    const ingest = startIngestChild({
      rootFolder,
      environment: { ...awsEnvironment(emulators.endpoints), ...stack.ingestEnvironment, ...feed, ...own },
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
        this.#ready.resolve(message.firstCloseTimeMs);
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

function ledgerTable({ stack }: LocalCloud): string {
  const names = new Set(stack.functions.flatMap(({ environment }) => environment.LEDGER_TABLE ?? []));
  const [name, ...others] = names;
  if (name !== undefined && others.length === 0) return name;
  throw contractError(`template: expected one LEDGER_TABLE in the functions, found ${[...names].join(', ') || 'none'}`);
}

function cloudLine({ stack }: LocalCloud): string {
  const { streams, tables, queues, kinesisMappings, sqsMappings } = stack;
  const mappings = kinesisMappings.length + sqsMappings.length;
  return `local cloud: ${streams.length} stream, ${tables.length} tables, ${queues.length} queues, ${mappings} event sources`;
}
