import { describe, expect, test } from 'vitest';
import { runSandbox, sandboxCommand } from '#local/sandbox/command.ts';
import { startSandbox } from '#local/sandbox/server.ts';

/** Runs the command; `whileRunning` gets the lines so far once it listens, and ends it by returning. */
async function run(args: string[], whileRunning: (out: readonly string[]) => Promise<void> = () => Promise.resolve()) {
  const out: string[] = [];
  const err: string[] = [];
  const io = {
    out: (line: string) => out.push(line),
    err: (line: string) => err.push(line),
    untilStopped: () => whileRunning(out),
  };
  return { code: await runSandbox(args, io), out, err };
}

const buy = { ticker: 'ESZ2026', action: 'buy', quantity: 2, signalPrice: 6912.25 };

async function post(url: string, body: unknown): Promise<void> {
  await (await fetch(url, { method: 'POST', body: JSON.stringify(body) })).text();
}

describe('rooney sandbox', () => {
  test('prints its address, then a line per signal', async () => {
    const { code, out, err } = await run(['--port', '0'], async ([first = '']) => {
      const url = first.slice(first.indexOf('http'));
      await post(url, buy);
      await post(url, { ...buy, ticker: 'ES1!' });
    });
    expect(code).toBe(0);
    expect(err).toEqual([]);
    expect(out[0]).toMatch(/webhook URL: http:\/\/127\.0\.0\.1:\d+\/trading\/webhook\/[-0-9a-f]{36}\/[0-9a-f]{32}$/);
    expect(out[1]).toMatch(/^\S+Z #1 buy 2 ESZ2026 -> 200 entered \(opened 2\)$/);
    expect(out[2]).toMatch(/^\S+Z #2 buy 2 ES1! -> 400 unsupported-ticker$/);
  });

  test('with --json prints nothing but one JSON object per line', async () => {
    const { out } = await run(['--json', '--port=0'], async ([first = '{}']) => post(JSON.parse(first).url, buy));
    expect(out.map((line) => JSON.parse(line))).toMatchObject([
      { url: expect.stringContaining('/trading/webhook/') },
      { sequence: 1, status: 200, effect: { kind: 'entered' } },
    ]);
  });

  test('says that its port is in use, and how to choose another', async () => {
    const sandbox = await startSandbox({ port: 0 });
    const { port } = new URL(sandbox.url);
    const { code, err } = await run(['--port', port]);
    await sandbox.close();
    expect(code).toBe(1);
    expect(err.join()).toMatch(new RegExp(`port ${port} is already in use.*--port`));
  });

  test.each([['--port'], ['--port', 'x'], ['--port', ''], ['--port', '70000'], ['--prot', '1'], ['extra']])(
    'refuses wrong usage %j %j with the help text and code 2',
    async (...args) => {
      const { code, out, err } = await run(args);
      expect(code).toBe(2);
      expect(out).toEqual([]);
      expect(err.join()).toContain(sandboxCommand.help);
    },
  );

  test('prints its help', async () => {
    expect(await run(['--help'])).toEqual({ code: 0, out: [sandboxCommand.help], err: [] });
  });
});
