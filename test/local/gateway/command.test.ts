import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { cramReply } from '#adapters/databento/protocol/cram.ts';
import { gatewayCommand, runGateway } from '#local/gateway/command.ts';
import { SIMULATOR_KEY } from '#local/gateway/gateway-flags.ts';
import { RawClient, subscription, told } from '#test/adapters/databento/gateway/raw-client.ts';

const sample = new URL('../../../../shared/data/dbn/synthetic/live-session.v3.dbn', import.meta.url);

interface Running {
  readonly out: readonly string[];
  readonly err: readonly string[];
  /** Sends a control line and gives its answer. */
  control(line: string): Promise<string>;
}

/** Runs the command; `whileRunning` is called once it listens, and ends it by returning. */
async function run(args: string[], whileRunning: (running: Running) => Promise<unknown> = () => Promise.resolve()) {
  const out: string[] = [];
  const err: string[] = [];
  const lines: string[] = [];
  let [onLine, onOut]: (() => void)[] = [() => undefined, () => undefined];
  const control = async (line: string): Promise<string> => {
    const answered = new Promise<void>((resolve) => {
      onOut = resolve;
    });
    lines.push(line);
    onLine!();
    await answered;
    return out.at(-1)!;
  };
  const code = await runGateway(args, {
    out: (line) => {
      out.push(line);
      onOut!();
    },
    err: (line) => err.push(line),
    async *lines() {
      for (;;) {
        while (lines.length > 0) yield lines.shift()!;
        await new Promise<void>((resolve) => {
          onLine = resolve;
        });
      }
    },
    untilStopped: async () => {
      await whileRunning({ out, err, control });
    },
  });
  return { code, out, err };
}

const generated = ['--port', '0', '--generate', '--universe', 'ES', '--sessions', '1'];

/** The addresses that `--json` prints. */
function addressesOf({ out }: Running): { port: number; historicalUrl: string; key: string | null; dataset: string } {
  return JSON.parse(out[0]!);
}

describe('rooney gateway', () => {
  test('serves generated bars over TCP with the key that it prints', async () => {
    const { code, err } = await run(
      [...generated, '--json', '--pace', 'max', '--spreads', '--end-with-source'],
      async (running) => {
        const { port, key, dataset } = addressesOf(running);
        expect([key, dataset]).toEqual([SIMULATOR_KEY, 'GLBX.MDP3']);
        const client = await RawClient.connect(port);
        expect(await client.authenticate({}, key!)).toBe('success=1|session_id=1\n');
        client.start(subscription());
        await client.end();
        const texts = client.records.map(told);
        expect(texts.filter((text) => text.startsWith('ohlcv')).length).toBeGreaterThan(1000);
        expect(texts.filter((text) => text.startsWith('End of interval'))).toHaveLength(1380);
        expect(texts.slice(1, 3)).toEqual(['ES.FUT -> ESH6 (1000314)', 'ES.FUT -> ESM6 (1000317)']);
      },
    );
    expect([code, err]).toEqual([0, ['The data have ended; sessions get heartbeats until Ctrl-C.']]);
  });

  test('serves history of the same data up to the time of the market, to the same key', async () => {
    await run([...generated, '--json', '--pace', 'stepped'], async (running) => {
      const { historicalUrl } = addressesOf(running);
      const headers = { authorization: `Basic ${Buffer.from(`${SIMULATOR_KEY}:`).toString('base64')}` };
      const count = async (): Promise<unknown> => {
        const asked =
          'dataset=GLBX.MDP3&symbols=ALL_SYMBOLS&schema=ohlcv-1m&start=2026-02-04T23:00&end=2026-02-04T23:05';
        const answer = await fetch(`${historicalUrl}/v0/metadata.get_record_count?${asked}`, { headers });
        return answer.status === 200 ? await answer.json() : answer.status;
      };
      expect(await count()).not.toBe(10);
      expect(await running.control('advance 10m')).toMatch(/^ack advance/);
      expect(await count()).toBe(10);
    });
  });

  test('says how to connect, answers control lines, and ends by one', async () => {
    const { code, out } = await run([...generated, '--historical-port', 'off'], async ({ control }) => {
      expect(await control('active_count')).toBe('ack active_count 0');
      expect(await control('dance')).toMatch(/^nack unknown command/);
      expect(await control('close')).toBe('ack close');
      await new Promise(() => undefined);
    });
    expect(code).toBe(0);
    expect(out.slice(0, 8).join('\n')).toMatch(
      /simulator of GLBX\.MDP3\n {2}live {8}127\.0\.0\.1:\d+\n {2}historical {2}off\n {2}key {9}db-simulator-key-0+\n/,
    );
    expect(out.join('\n')).toContain('market time 2026-02-04T23:00:00.000Z, pace 1, from the first session on');
  });

  test('never prints a key that was given to it', async () => {
    const key = 'db-thisisnotthesimulatorskey1234';
    const { out, err } = await run([...generated, '--key', key], async ({ control }) => {
      await control('status');
      await control(`del_key ${key}`);
    });
    expect(`${out.join()}${err.join()}`).not.toContain(key);
    expect(out.join('\n')).toContain('as given by --key');
  });

  test.skipIf(!existsSync(sample))('serves DBN files; skipped without the shared samples', async () => {
    await run(
      [fileURLToPath(sample), '--port', '0', '--json', '--pace', 'max', '--end-with-source'],
      async (running) => {
        const client = await RawClient.connect(addressesOf(running).port);
        await client.line();
        const challenge = (await client.line()).slice('cram='.length, -1);
        client.send(`auth=${cramReply(challenge, SIMULATOR_KEY)}|dataset=GLBX.MDP3|encoding=dbn\n`);
        await client.line();
        client.start(subscription());
        await client.end();
        expect(client.records.map(told).filter((text) => text.startsWith('ohlcv'))).toEqual([
          'ohlcv 42001',
          'ohlcv 42900',
          'ohlcv 42001',
        ]);
      },
    );
  });

  test('says what is wrong when it cannot start', async () => {
    expect(await run(['/nowhere.dbn', '--port', '0'])).toMatchObject({
      code: 1,
      err: [expect.stringMatching(/^rooney gateway: \/nowhere\.dbn: /)],
    });
    await run([...generated, '--json'], async (running) => {
      const { port, historicalUrl } = addressesOf(running);
      const busy = await run([...generated, '--port', String(port)]);
      expect(busy).toMatchObject({ code: 1, err: [expect.stringContaining(`cannot listen on port ${port}`)] });
      const historicalPort = new URL(historicalUrl).port;
      const other = await run([...generated, '--historical-port', historicalPort]);
      expect(other).toMatchObject({ code: 1, err: [expect.stringContaining('--historical-port')] });
    });
  });

  test('explains wrong usage with the help text and code 2, and help with code 0', async () => {
    const wrong = await run(['--pace', 'fast']);
    expect([wrong.code, wrong.out]).toEqual([2, []]);
    expect(wrong.err.join()).toContain(gatewayCommand.help);
    expect(await run(['--help'])).toMatchObject({ code: 0, out: [gatewayCommand.help] });
    for (const line of gatewayCommand.help.split('\n')) expect(line.length).toBeLessThanOrEqual(140);
  });
});
