import { join } from 'node:path';
import { dynamoLedger } from '#adapters/dynamodb/ledger.ts';
import { configHash } from '#config/hash.ts';
import type { Config } from '#config/schema.ts';
import { contractError } from '#core/errors.ts';
import type { IngestMessage } from '#ingest-service/messages.ts';
import { createCloud, type LocalCloud } from './cloud.ts';
import { MetricTotals } from './emf.ts';
import { awsEnvironment } from './emulators/emulators.ts';
import { type IngestChild, startIngestChild } from './ingest-child.ts';
import { openOutputLog, type OutputLog } from './output-log.ts';
import type { ProgressCounts } from './progress.ts';
import { createReplayClock } from './replay-clock.ts';
import type { FeedCounts, RunResult } from './report.ts';
import { countRun, readRunRecord, type RunRecord } from './run-record.ts';
import { type Sandbox, startSandbox } from './sandbox/server.ts';
import { cachedTemplate } from './synth-cache.ts';

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
  readonly say: (line: string) => void;
}

/** A system that has been started and waits for its first slice. */
export interface Supervisor {
  /** Announces slice after slice until the data end, and waits until everything has come to rest. */
  run(signal: AbortSignal): Promise<void>;
  progress(): ProgressCounts;
  /** What the ledger holds by now, and its numbers. */
  record(): Promise<{ readonly record: RunRecord; readonly result: RunResult }>;
  readonly cloud: LocalCloud;
  /** Rejects when a part of the system ends that must not. */
  readonly failed: Promise<never>;
  /** Ends every child, thread and server; harmless a second time. */
  stop(): Promise<void>;
}

/** Starts the whole system and returns when it is ready: history stored, functions warm, nothing announced yet. */
export async function startSupervisor(settings: RunSettings): Promise<Supervisor> {
  const run = new LocalRun(settings);
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
  readonly #clock = createReplayClock();
  readonly #metrics = new MetricTotals();
  readonly #logs = new Map<string, OutputLog>();
  readonly #ready = Promise.withResolvers<number>();
  readonly #done = Promise.withResolvers<void>();
  readonly #fail: (error: Error) => void;
  #announced: (() => void) | null = null;
  #cloud: LocalCloud | null = null;
  #ingest: IngestChild | null = null;
  #sandbox: Sandbox | null = null;
  #feedDone: FeedCounts | null = null;
  #seen = { slices: 0, bars: 0, gaps: 0, decisions: 0 };
  #stopping = false;

  constructor(settings: RunSettings) {
    this.#settings = settings;
    const { promise, reject } = Promise.withResolvers<never>();
    this.failed = promise;
    this.#fail = reject;
    // Whoever waits hears of it; that nobody waits at the moment is no crash.
    for (const ending of [promise, this.#ready.promise, this.#done.promise]) ending.catch(() => undefined);
  }

  get cloud(): LocalCloud {
    if (!this.#cloud) throw new Error('the local cloud has not been started');
    return this.#cloud;
  }

  async start(): Promise<void> {
    const { rootFolder, configPath, config, speed, say } = this.#settings;
    const folder = join(rootFolder, '.rooney');
    this.#openLog('ingest');
    const template = cachedTemplate(configPath, { rootFolder, cacheFolder: join(folder, 'cache') });
    const pace = speed === 'max' ? 'stepped' : 'timed';
    this.#sandbox = await startLocalSandbox(config, this.#clock);
    const clock = this.#clock;
    this.#cloud = await createCloud({
      ...{ rootFolder, configPath, template, clock, pace },
      onOutput: (functionName, text) => this.#openLog(functionName).write(text),
      onFailure: this.#fail,
    });
    say(cloudLine(this.#cloud));
    this.#storeSecrets(this.#cloud);
    this.#startIngest(this.#cloud);
    await Promise.race([Promise.all([this.#cloud.start(), this.#ready.promise]), this.failed]);
    this.#clock.advanceTo(await this.#ready.promise);
    say(startModes(config, this.#cloud));
    if (this.#sandbox) say(`orders go to the sandbox at ${new URL(this.#sandbox.url).origin}`);
  }

  async run(signal: AbortSignal): Promise<void> {
    const ended = Promise.race([this.#done.promise, this.failed, rejection(signal)]);
    if (this.#settings.speed === 'max') {
      let over = false;
      const end = ended.finally(() => {
        over = true;
      });
      while (!over) await Promise.race([this.#step(signal), end]);
      await end;
    } else {
      await ended;
    }
    await Promise.race([this.cloud.untilQuiet(signal), this.failed]);
  }

  progress(): ProgressCounts {
    const { slices, bars, decisions } = this.#seen;
    const orders = this.#metrics.sum('Intent-accepted');
    return { closeTimeMs: slices === 0 ? 0 : this.#clock.now(), slices, bars, decisions, orders };
  }

  async record(): Promise<{ record: RunRecord; result: RunResult }> {
    const { config } = this.#settings;
    const { stack, clients } = this.cloud;
    const tables = new Set(stack.functions.flatMap(({ environment }) => environment.LEDGER_TABLE ?? []));
    const [tableName, ...others] = tables;
    if (tableName === undefined || others.length > 0) throw contractError('template: expected one LEDGER_TABLE');
    const ledger = dynamoLedger({ client: clients.dynamodb, tableName });
    const ids = config.strategies.map(({ id }) => id);
    const record = await readRunRecord(ledger, ids);
    const { slices, bars, gaps } = this.#feedDone ?? this.#seen;
    return { record, result: { slices, bars, gaps, ...countRun(record), configHash: configHash(config) } };
  }

  async stop(): Promise<void> {
    if (this.#stopping) return;
    this.#stopping = true;
    await Promise.all([this.#ingest?.stop(), this.#cloud?.stop(), this.#sandbox?.close()]);
    await Promise.all([...this.#logs.values()].map((log) => log.close()));
  }

  /** Announces one slice and waits until all of its intents are terminal. */
  async #step(signal: AbortSignal): Promise<void> {
    const announced = new Promise<void>((resolve) => {
      this.#announced = resolve;
    });
    this.#ingest?.advance();
    await announced;
    await this.cloud.untilQuiet(signal);
  }

  #startIngest({ stack, emulators }: LocalCloud): void {
    const { rootFolder, feed, speed } = this.#settings;
    if (!stack.ingestEnvironment) throw contractError('template: no task definition for the ingest service');
    const log = this.#openLog('ingest');
    this.#ingest = startIngestChild({
      rootFolder,
      environment: {
        ...awsEnvironment(emulators.endpoints),
        ...stack.ingestEnvironment,
        ...feed,
        SPEED: speed === 'max' ? 'stepped' : String(speed),
      },
      onMessage: (message) => this.#hear(message),
      onOutput: (text) => log.write(text),
    });
    void this.#ingest.ended.then((code) => {
      if (this.#stopping || this.#feedDone) return;
      this.#fail(new Error(`the ingest service ended early with code ${code}; see ${log.path}`));
    });
  }

  #hear(message: IngestMessage): void {
    if (message.type === 'ready') this.#ready.resolve(message.firstCloseTimeMs);
    if (message.type === 'failed') this.#fail(contractError(message.message));
    if (message.type === 'announced') {
      const { slices, bars, gaps } = this.#seen;
      this.#seen = { ...this.#seen, slices: slices + 1, bars: bars + message.bars, gaps: gaps + (message.gap ? 1 : 0) };
      this.cloud.announced(message.closeTimeMs);
      this.#announced?.();
    }
    if (message.type === 'done') {
      this.#feedDone = message;
      this.#done.resolve();
    }
  }

  #storeSecrets({ emulators }: LocalCloud): void {
    for (const { id, webhookSecret } of this.#settings.config.accounts) {
      // Whatever the route says, an order of a local run never leaves this machine.
      if (webhookSecret !== undefined && this.#sandbox) emulators.secrets.put(webhookSecret, this.#sandbox.webhookUrl(id));
    }
  }

  #openLog(name: string): OutputLog {
    const open = this.#logs.get(name);
    if (open) return open;
    const log = openOutputLog(join(this.#settings.rootFolder, '.rooney/local'), name, {
      onLine: (line) => this.#readLine(line),
      onError: (error) => this.#fail(new Error(`cannot write the log of ${name}: ${error.message}`, { cause: error })),
    });
    this.#logs.set(name, log);
    return log;
  }

  #readLine(line: string): void {
    this.#metrics.add(line);
    if (line.includes('"message":"decision"')) this.#seen.decisions += 1;
  }
}

async function startLocalSandbox(config: Config, clock: { now(): number }): Promise<Sandbox | null> {
  const accounts = config.accounts.filter(({ webhookSecret }) => webhookSecret !== undefined).map(({ id }) => id);
  return accounts.length === 0 ? null : await startSandbox({ port: 0, accounts, clock });
}

function cloudLine({ stack }: LocalCloud): string {
  const { functions, tables, queues, streams, kinesisMappings, sqsMappings } = stack;
  return (
    `local cloud: ${streams.length} stream, ${tables.length} tables, ${queues.length} queues, ` +
    `${kinesisMappings.length + sqsMappings.length} event sources of ${functions.length} functions`
  );
}

/** Parameters are created as REDUCE_ONLY; only where no order can reach a broker are they set to RUN. Says which it was. */
function startModes(config: Config, { stack, emulators }: LocalCloud): string {
  const real = config.accounts.filter(({ route }) => route !== 'sandbox' && route !== 'none');
  const modes = stack.parameters.filter(({ AllowedPattern }) => AllowedPattern?.includes('REDUCE_ONLY'));
  if (real.length > 0) {
    const names = real.map(({ id, route }) => `${id} (${route})`).join(', ');
    return `mode REDUCE_ONLY, so no entries: not every route is sandbox or none: ${names}`;
  }
  for (const { name } of modes) emulators.ssm.setValue(name, 'RUN');
  return `mode RUN: every route is sandbox or none`;
}

function rejection(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}
