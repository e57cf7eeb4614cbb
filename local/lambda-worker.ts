// One execution environment of a Lambda function: imports the factory beside its entry, then runs one event at a time and
// stands still in between, as Lambda does.
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { parentPort, workerData } from 'node:worker_threads';
import { invariant } from '#core/errors.ts';
import type { Clock } from '#core/ports.ts';
import {
  type EnvironmentMessage,
  FROZEN,
  FROZEN_CELL,
  type HostMessage,
  PAUSED,
  PAUSED_CELL,
  type ReportedError,
  type WorkerSettings,
} from './worker-protocol.ts';

type Handler = (event: unknown, context: object) => Promise<unknown>;
interface Factory {
  createHandler(environment: NodeJS.ProcessEnv, clock: Clock): Promise<Handler>;
}

invariant(parentPort, 'lambda-worker.ts runs as a worker thread, started by the worker host');
const port = parentPort;
const settings = workerData as WorkerSettings;
const cells = new Int32Array(settings.cells);
let nowMs = settings.nowMs;

process.stdout.write = (chunk: string | Uint8Array): boolean => log(chunk);
process.stderr.write = (chunk: string | Uint8Array): boolean => log(chunk);
process.on('unhandledRejection', (reason) => {
  post({ kind: 'died', error: { ...reportedError(reason), errorType: 'Runtime.UnhandledPromiseRejection' } });
  process.exit(128);
});
process.on('uncaughtException', (error) => {
  post({ kind: 'died', error: reportedError(error) });
  process.exit(129);
});

const handler = await createHandler();
port.on('message', (message: HostMessage) => {
  if (message.kind === 'pause') pause();
  else if (message.kind === 'measure') measure();
  else void run(message);
});
Atomics.store(cells, FROZEN_CELL, FROZEN);
post({ kind: 'ready' });
freeze();

async function createHandler(): Promise<Handler> {
  // The replay's clock: it stands at the time the last event brought. Only the monotonic clock runs.
  const clock: Clock = { now: () => nowMs, monotonic: () => performance.now() };
  const factory = (await import(settings.factoryUrl)) as Factory;
  return await factory.createHandler(process.env, clock);
}

async function run(message: Extract<HostMessage, { kind: 'invoke' }>): Promise<void> {
  nowMs = message.nowMs;
  const deadlineMs = performance.now() + settings.timeoutMs;
  const context = {
    awsRequestId: message.requestId,
    functionName: settings.functionName,
    functionVersion: '$LATEST',
    invokedFunctionArn: settings.functionArn,
    memoryLimitInMB: String(settings.memoryMb),
    getRemainingTimeInMillis: () => Math.max(0, Math.floor(deadlineMs - performance.now())),
  };
  // A handler that waits for nothing must end the environment, and only an unreferenced port lets that happen.
  port.unref();
  let outcome: EnvironmentMessage;
  try {
    const returned = await handler(message.event, context);
    outcome = { kind: 'returned', requestId: message.requestId, payload: JSON.stringify(returned ?? null) };
  } catch (error) {
    outcome = { kind: 'threw', requestId: message.requestId, error: reportedError(error) };
  }
  port.ref();
  Atomics.store(cells, FROZEN_CELL, FROZEN);
  post(outcome);
  freeze();
}

/** Stops the whole event loop, timers and sockets included, until the host thaws it for the next event. */
function freeze(): void {
  Atomics.wait(cells, FROZEN_CELL, FROZEN);
}

/** Stops in the middle of whatever is going on, at the next turn of the event loop, until the host says otherwise. */
function pause(): void {
  Atomics.wait(cells, PAUSED_CELL, PAUSED);
}

function measure(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  Atomics.store(cells, FROZEN_CELL, FROZEN);
  post({ kind: 'measured', heapUsedBytes: getHeapStatistics().used_heap_size });
  freeze();
}

function log(chunk: string | Uint8Array): boolean {
  post({ kind: 'log', text: typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString() });
  return true;
}

function reportedError(thrown: unknown): ReportedError {
  if (!(thrown instanceof Error)) return { errorType: typeof thrown, errorMessage: String(thrown), trace: [] };
  return { errorType: thrown.name, errorMessage: thrown.message, trace: (thrown.stack ?? '').split('\n') };
}

function post(message: EnvironmentMessage): void {
  port.postMessage(message);
}
