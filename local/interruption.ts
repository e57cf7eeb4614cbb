/** The launcher passes on a Ctrl-C that the terminal has already sent; two within this time are one. */
const SAME_SIGNAL_MS = 300;
const PARENT_LOOK_MS = 1000;
const exitCodes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
type SignalName = keyof typeof exitCodes;

/** A wish from outside that the program ends. */
export interface Interruption {
  /** Aborted when the first signal comes. */
  readonly signal: AbortSignal;
  /** Settles when the first signal comes. */
  readonly raised: Promise<void>;
  /** The signal that came, and what a shell expects after it. */
  ending(): { readonly signalName: string; readonly exitCode: number };
  /** Gives the signals back. */
  end(): void;
}

/**
 * Turns SIGINT, SIGTERM, SIGHUP and the death of the parent process into one abort. Another signal later, or an error
 * that nobody caught, ends the process at once; children and threads notice that by themselves.
 */
export function watchInterruption(onCrash: (error: unknown) => void): Interruption {
  const controller = new AbortController();
  const raised = Promise.withResolvers<void>();
  let signalName: SignalName = 'SIGTERM';
  let raisedMs = 0;
  const raise = (name: SignalName): void => {
    if (controller.signal.aborted) {
      if (performance.now() - raisedMs > SAME_SIGNAL_MS) process.exit(exitCodes[signalName]);
      return;
    }
    signalName = name;
    raisedMs = performance.now();
    // First, so that whoever waits for the end is not overtaken by the work that the abort makes fail.
    raised.resolve();
    controller.abort();
  };
  const crash = (error: unknown): never => {
    onCrash(error);
    process.exit(1);
  };
  const names = Object.keys(exitCodes) as SignalName[];
  for (const name of names) process.on(name, raise);
  process.on('uncaughtException', crash).on('unhandledRejection', crash);
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid !== parent) raise('SIGTERM');
  }, PARENT_LOOK_MS).unref();
  return {
    signal: controller.signal,
    raised: raised.promise,
    ending: () => ({ signalName, exitCode: exitCodes[signalName] }),
    end() {
      clearInterval(timer);
      for (const name of names) process.off(name, raise);
      process.off('uncaughtException', crash).off('unhandledRejection', crash);
    },
  };
}
