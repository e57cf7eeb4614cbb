import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { dbnFileSource } from '#adapters/databento/gateway/file-source.ts';
import { type Gateway, startGateway } from '#adapters/databento/gateway/gateway.ts';
import { type HistoricalServer, startHistoricalServer } from '#adapters/databento/gateway/historical-server.ts';
import type { GatewaySource } from '#adapters/databento/gateway/source.ts';
import { fileFeed } from '#adapters/files/file-feed.ts';
import { generatorFeed } from '#adapters/generator/generator-feed.ts';
import { contractError, kindOf } from '#core/errors.ts';
import { cmeCalendar } from '#core/market/cme-hours.ts';
import type { BarFeed } from '#core/ports.ts';
import { feedSource } from './feed-source.ts';
import { type GatewayFlags, readGatewayFlags, SIMULATOR_KEY } from './gateway-flags.ts';
import { gatewayHelp } from './gateway-help.ts';

/** Where the command reads and writes, and when it ends. */
export interface GatewayIo {
  /** Writes a line to standard output. */
  out(line: string): void;
  /** Writes a line to standard error. */
  err(line: string): void;
  /** Control lines; its end does not end the gateway. */
  lines(): AsyncIterable<string>;
  /** Resolves when the gateway shall end; called once it runs. */
  untilStopped(): Promise<void>;
}

/** `rooney gateway`: runs until told to stop. Returns the exit code: 0 stopped, 1 could not start, 2 wrong usage. */
export async function runGateway(args: readonly string[], io: GatewayIo): Promise<number> {
  const flags = readGatewayFlags(args);
  if (typeof flags === 'string') {
    io.err(`rooney gateway: ${flags}\n\n${gatewayHelp}`);
    return 2;
  }
  if (flags.help) {
    io.out(gatewayHelp);
    return 0;
  }
  let [gateway, historical]: [Gateway | null, HistoricalServer | null] = [null, null];
  try {
    const source = await openSource(flags);
    gateway = await startGateway({ ...flags, source });
    historical = await startHistorical(flags, source, gateway);
    for (const line of greeting(flags, gateway, historical)) io.out(line);
    await serve(gateway, io);
    return 0;
  } catch (error) {
    if (kindOf(error) === 'invariant') throw error;
    io.err(`rooney gateway: ${(error as Error).message}`);
    return 1;
  } finally {
    await gateway?.close();
    await historical?.close();
  }
}

/** The command as the command line lists it. */
export const gatewayCommand = {
  name: 'gateway',
  summary: 'the Databento gateway simulator, live and historical, on two ports',
  help: gatewayHelp,
  async run(args: string[]): Promise<number> {
    const code = await runGateway(args, {
      out: (line) => process.stdout.write(`${line}\n`),
      err: (line) => process.stderr.write(`${line}\n`),
      lines: () => createInterface({ input: process.stdin }),
      untilStopped: async () => {
        await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM'), once(process, 'SIGHUP')]);
      },
    });
    // Waiting for more lines would keep the command alive.
    process.stdin.destroy();
    return code;
  },
};

async function openSource({ files, bars, generator, universe, spreads }: GatewayFlags): Promise<GatewaySource> {
  if (files.length > 0) return await dbnFileSource(files);
  const calendar = cmeCalendar();
  const { seed, from: firstTradeDate, sessions } = generator;
  const feed = (): BarFeed =>
    bars === null
      ? generatorFeed({ seed, universe, firstTradeDate, sessions, calendar })
      : fileFeed({ path: bars, calendar, universe });
  return await feedSource(() => feed().events(), { universe, spreads });
}

async function startHistorical(
  { historicalPort: port, host, keys }: GatewayFlags,
  source: GatewaySource,
  { clock }: Gateway,
): Promise<HistoricalServer | null> {
  if (port === null) return null;
  try {
    return await startHistoricalServer({ source, keys, port, host, now: () => clock.now() });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    const reason = code === 'EADDRINUSE' ? 'it is already in use; choose another port, or "off"' : message;
    throw contractError(`cannot listen on port ${port} of ${host} (--historical-port): ${reason}`, { cause: error });
  }
}

/** How to connect. */
function greeting(
  flags: GatewayFlags,
  { port, dataset, clock }: Gateway,
  historical: HistoricalServer | null,
): string[] {
  const { host, keys, pace } = flags;
  const historicalUrl = historical?.url ?? null;
  // A key that was given is known to whoever gave it, and may be a real one.
  const key = keys[0] === SIMULATOR_KEY ? SIMULATOR_KEY : null;
  if (flags.json) return [JSON.stringify({ host, port, historicalUrl, dataset, key, now: String(clock.now()), pace })];
  return [
    `Databento gateway simulator of ${dataset}`,
    `  live        ${host}:${port}`,
    `  historical  ${historicalUrl ?? 'off'}`,
    `  key         ${key ?? 'as given by --key'}`,
    `  market time ${new Date(Number(clock.now() / 1_000_000n)).toISOString()}, pace ${pace}, from the first session on`,
    'A client needs the address and the key: the official Python client takes them as',
    `  databento.Live(key=..., gateway="${host}", port=${port})`,
    'Lines on standard input control it; `rooney gateway --help` lists them. Ctrl-C ends it.',
  ];
}

/** Answers control lines until it is told to stop; rejects when the source cannot be read. */
async function serve(gateway: Gateway, io: GatewayIo): Promise<void> {
  const { promise: closed, resolve: onClosed, reject } = Promise.withResolvers<void>();
  const answerLines = async (): Promise<void> => {
    for await (const line of io.lines()) {
      if (line.trim() === '') continue;
      io.out(await gateway.control(line));
      if (line.trim() === 'close') onClosed();
    }
  };
  answerLines().catch(reject);
  gateway.ended.then(() => io.err('The data have ended; sessions get heartbeats until Ctrl-C.'), reject);
  await Promise.race([io.untilStopped(), closed]);
}
