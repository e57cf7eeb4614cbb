import { isAbsolute, join } from 'node:path';
import { contractError } from '#core/errors.ts';
import { createClients, type LocalClients } from './emulators/clients.ts';
import { awsEnvironment, type Emulators, startEmulators } from './emulators/emulators.ts';
import type { CloudTemplate } from './intrinsics.ts';
import { createLocalFunction, type LocalFunction } from './local-function.ts';
import { provision } from './provision.ts';
import { type Pace, type Pump, startPump, TIMED_CONCURRENCY } from './pump/pump.ts';
import type { ReplayClock } from './replay-clock.ts';
import { type FunctionSpec, type LocalStack, readTemplate } from './template.ts';

/** What a local cloud is made from. */
export interface CloudSettings {
  /** Root folder of the project. */
  readonly rootFolder: string;
  /** Configuration file that the functions read, absolute. */
  readonly configPath: string;
  /** May still be on its way: the emulators start meanwhile. */
  readonly template: CloudTemplate | Promise<CloudTemplate>;
  readonly clock: ReplayClock;
  readonly pace: Pace;
  /** Takes what a function prints. */
  readonly onOutput: (functionName: string, text: string) => void;
  /** Hears of invocations that failed and records that were given up; the mapping goes on by its rules. */
  readonly onTrouble: (text: string) => void;
  /** Hears of whatever makes the cloud useless: an emulator that ended, a mapping that cannot go on. */
  readonly onFailure: (error: Error) => void;
}

/** The small cloud: emulators with everything the template names in them, functions, and the pump between them. */
export interface LocalCloud {
  readonly stack: LocalStack;
  readonly emulators: Emulators;
  readonly clients: LocalClients;
  /** By name. Only functions that a mapping starts. */
  readonly functions: ReadonlyMap<string, LocalFunction>;
  /** Starts an environment of every function, then the mappings. */
  start(): Promise<void>;
  /** Says that a slice was put on the stream: the clock moves there, and whoever is to hear of it does. */
  announced(closeTimeMs: number): void;
  /** Waits until every mapping is past the last slice and every intent queue is empty. */
  untilQuiet(signal: AbortSignal): Promise<void>;
  /** Ends everything; functions in the middle of an event are killed. */
  stop(): Promise<void>;
}

/** Starts the emulators and creates in them what the template names; the functions and mappings wait for `start`. */
export async function createCloud(settings: CloudSettings): Promise<LocalCloud> {
  const [emulators, template] = await Promise.allSettled([startEmulators(settings.clock.now), settings.template]);
  if (emulators.status === 'rejected') throw emulators.reason;
  try {
    if (template.status === 'rejected') throw template.reason;
    const stack = readTemplate(template.value, emulators.value.endpoints.sqs);
    const clients = createClients(emulators.value.endpoints);
    await provision(stack, clients, emulators.value.ssm);
    return cloudOf(settings, { stack, emulators: emulators.value, clients });
  } catch (error) {
    await emulators.value.stop();
    throw error;
  }
}

function cloudOf(
  settings: CloudSettings,
  made: { readonly stack: LocalStack; readonly emulators: Emulators; readonly clients: LocalClients },
): LocalCloud {
  const { stack, emulators, clients } = made;
  const { clock, pace, onTrouble, onFailure } = settings;
  const functions = createFunctions(stack, settings, awsEnvironment(emulators.endpoints));
  const all = [...functions.values()];
  let pump: Pump | null = null;
  let starting: Promise<void> = Promise.resolve();
  let stopping = false;
  const start = async (): Promise<void> => {
    await Promise.all(all.map((created) => created.warm(clock.now())));
    if (stopping) return;
    const onError = (error: unknown): void => onFailure(error as Error);
    pump = await startPump(stack, { clients, sqs: emulators.sqs, functions, clock, pace, onTrouble, onError });
  };
  for (const { ended } of [emulators.kinesis, emulators.dynamodb]) {
    void ended.then((reason) => {
      if (!stopping) onFailure(contractError(`an emulator is gone: ${reason}; start again`));
    });
  }
  return {
    ...made,
    functions,
    async start() {
      starting = start();
      await starting;
    },
    announced(closeTimeMs) {
      clock.advanceTo(closeTimeMs);
      pump?.wake();
    },
    async untilQuiet(signal) {
      await pump?.untilQuiet(signal);
    },
    async stop() {
      stopping = true;
      // What is only just being started would otherwise be left running.
      await starting.catch(() => undefined);
      // A mapping ends only when its invocation does, and an invocation that is killed ends now.
      const stopped = pump?.stop();
      // A batch that is read at this very moment must not bring a function back to life.
      for (const created of all) created.setConcurrency(0);
      await Promise.all(all.map((created) => created.terminate()));
      await stopped;
      clients.destroy();
      await emulators.stop();
    },
  };
}

function createFunctions(
  stack: LocalStack,
  settings: CloudSettings,
  aws: Readonly<Record<string, string>>,
): Map<string, LocalFunction> {
  const mapped = [...stack.kinesisMappings, ...stack.sqsMappings].map(({ functionName }) => functionName);
  const specs = stack.functions.filter(({ name }) => mapped.includes(name));
  const unknown = mapped.find((name) => !specs.some((spec) => spec.name === name));
  if (unknown)
    throw contractError(`template: a mapping starts ${unknown}, which has no TypeScript entry (rooney:entry)`);
  const environmentsMax = settings.pace === 'timed' ? TIMED_CONCURRENCY : 1;
  return new Map(specs.map((spec) => [spec.name, createFunction(spec, settings, { aws, environmentsMax })]));
}

function createFunction(
  spec: FunctionSpec,
  { rootFolder, configPath, onOutput }: CloudSettings,
  { aws, environmentsMax }: { readonly aws: Readonly<Record<string, string>>; readonly environmentsMax: number },
): LocalFunction {
  const environment = {
    ...aws,
    AWS_LAMBDA_FUNCTION_NAME: spec.name,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(spec.memoryMb),
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    ...inCheckout(spec, { rootFolder, configPath }),
  };
  const hostSettings = { spec, rootFolder, environment, onOutput: (text: string) => onOutput(spec.name, text) };
  return createLocalFunction(hostSettings, environmentsMax);
}

/** Files that lie beside the bundle in the cloud lie elsewhere in a checkout; everything else is as the template says. */
function inCheckout(
  { environment }: FunctionSpec,
  { rootFolder, configPath }: { readonly rootFolder: string; readonly configPath: string },
): Record<string, string> {
  const variables = { ...environment };
  if (variables.CONFIG_FILE !== undefined) variables.CONFIG_FILE = configPath;
  const { MODELS_DIR } = variables;
  if (MODELS_DIR !== undefined && !isAbsolute(MODELS_DIR)) variables.MODELS_DIR = join(rootFolder, MODELS_DIR);
  return variables;
}
