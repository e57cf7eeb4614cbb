import { once } from 'node:events';
import { parseArgs } from 'node:util';
import type { Received } from './desk.ts';
import { type Sandbox, startSandbox } from './server.ts';

const PORT_DEFAULT = 8099;

const help = `rooney sandbox [--port N] [--json]

Runs a TradersPost stand-in on this machine: it validates every signal as documented, keeps positions and working
orders, and misbehaves on request. Ctrl-C ends it.

  --port N   port on 127.0.0.1, 0 for any free one (default ${PORT_DEFAULT})
  --json     one JSON object per line on stdout: first the address, then every signal received
  --help     this text

While it runs (ORIGIN is the address it prints, up to the port):
  curl ORIGIN/positions        contracts held by account
  curl ORIGIN/orders           every order: filled, working, cancelled, rejected
  curl ORIGIN/received         every signal with its answer and its effect
  curl ORIGIN/misbehave -d '{"kind":"hang-up","acts":true,"when":{"action":"buy"}}'
      kinds: delay (with "delayMs"), too-many-requests, server-error, hang-up, redirect, success-false, malformed-json
      "acts": true lets the signal take effect all the same; "when": {"request": N} or {"action": "exit"};
      "times": how often, null for ever (default 1)`;

/** Where the command writes, and when it ends. */
export interface SandboxIo {
  /** Writes a line to standard output. */
  out(line: string): void;
  /** Writes a line to standard error. */
  err(line: string): void;
  /** Resolves when the sandbox shall end; called once it runs. */
  untilStopped(): Promise<void>;
}

/** `rooney sandbox`: runs until told to stop. Returns the exit code: 0 stopped, 1 could not start, 2 wrong usage. */
export async function runSandbox(args: readonly string[], io: SandboxIo): Promise<number> {
  const usage = readUsage(args);
  if (typeof usage === 'string') {
    io.err(`rooney sandbox: ${usage}\n\n${help}`);
    return 2;
  }
  if (usage.help) {
    io.out(help);
    return 0;
  }
  const onReceived = (received: Received) => io.out(usage.json ? JSON.stringify(received) : lineOf(received));
  let sandbox: Sandbox;
  try {
    sandbox = await startSandbox({ port: usage.port, onReceived });
  } catch (error) {
    io.err(`rooney sandbox: ${error instanceof Error ? error.message : String(error)} (--port)`);
    return 1;
  }
  io.out(usage.json ? JSON.stringify({ url: sandbox.url }) : `TradersPost sandbox, webhook URL: ${sandbox.url}`);
  await io.untilStopped();
  await sandbox.close();
  return 0;
}

/** The command as the command line lists it. */
export const sandboxCommand = {
  name: 'sandbox',
  summary: 'the TradersPost sandbox and broker simulator on a port',
  help,
  run: (args: string[]): Promise<number> =>
    runSandbox(args, {
      out: (line) => process.stdout.write(`${line}\n`),
      err: (line) => process.stderr.write(`${line}\n`),
      untilStopped: async () => {
        await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM'), once(process, 'SIGHUP')]);
      },
    }),
};

interface Usage {
  readonly port: number;
  readonly json: boolean;
  readonly help: boolean;
}

/** The options, or what is wrong with them. */
function readUsage(args: readonly string[]): Usage | string {
  try {
    const options = {
      port: { type: 'string' },
      json: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    } as const;
    const { values } = parseArgs({ args: [...args], options });
    const port = Number(values.port ?? PORT_DEFAULT);
    if (values.port?.trim() === '' || !Number.isInteger(port) || port < 0 || port > 65_535) {
      return `--port must be a whole number from 0 to 65535, not "${values.port}"`;
    }
    return { port, json: values.json ?? false, help: values.help ?? false };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** One line per signal: what came, what was answered, what it did. */
function lineOf({ sequence, wallTimeMs, payload, status, reply, effect, misbehaviour }: Received): string {
  const { action = '?', ticker = '?', quantity } = (payload ?? {}) as Record<string, unknown>;
  const { messageCode } = (reply ?? {}) as Record<string, unknown>;
  return [
    new Date(wallTimeMs).toISOString(),
    `#${sequence}`,
    [action, quantity, ticker].filter((word) => word !== undefined).join(' '),
    `-> ${status ?? 'hung up'}`,
    messageCode ?? '',
    effect === null ? '' : `${effect.kind} (${effect.detail})`,
    misbehaviour === null ? '' : `[${misbehaviour}]`,
  ]
    .filter((part) => part !== '')
    .join(' ');
}
