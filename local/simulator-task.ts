import { once } from 'node:events';
import { LiveClient } from '#adapters/databento/live/live-client.ts';
import { contractError } from '#core/errors.ts';
import { cmeCalendar } from '#core/market/cme-hours.ts';
import { groupsOf } from '#core/market/trade-date.ts';
import { runGateway } from './gateway/command.ts';

// What runs beside the ingest service where no real feed is configured: generated bars, at the time and pace of the clock
// on the wall. The key comes from the same secret that the service reads.

/** Sessions that lie in the past when it starts: more than the ingest service asks for. */
const HISTORY_SESSIONS = 5;
/** Years of them; ECS replaces a task long before. */
const SESSIONS = 1000;
const HOST = '127.0.0.1';

const { UNIVERSE, GATEWAY_KEY, LIVE_PORT, HISTORICAL_PORT } = process.env;
if (!UNIVERSE || !GATEWAY_KEY || !LIVE_PORT || !HISTORICAL_PORT) {
  throw contractError('environment: UNIVERSE, GATEWAY_KEY, LIVE_PORT and HISTORICAL_PORT must be set; infra sets them');
}
const key = GATEWAY_KEY.trim();
const nowMs = Date.now();

process.exitCode = await runGateway(
  [
    ...['--generate', '--universe', UNIVERSE, '--from', firstTradeDate(UNIVERSE.split(','), nowMs)],
    ...['--sessions', String(SESSIONS), '--start-at', new Date(nowMs).toISOString(), '--pace', '1'],
    ...['--host', HOST, '--port', LIVE_PORT, '--historical-port', HISTORICAL_PORT, '--key', key, '--json'],
  ],
  {
    out(line) {
      console.log(line);
      startClock((JSON.parse(line) as { port: number }).port).catch(console.error);
    },
    err: (line) => console.error(line),
    async *lines() {
      // Nobody is there to control it.
    },
    untilStopped: async () => {
      await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
    },
  },
);

/** Streams until the first record: a gateway's time begins with its first session, and the service may come late. */
async function startClock(port: number): Promise<void> {
  const client = new LiveClient({ key, dataset: 'GLBX.MDP3', host: HOST, port });
  client.subscribe({ schema: 'ohlcv-1m', stypeIn: 'parent', symbols: ['ES.FUT'] });
  for await (const { kind } of client.events()) if (kind === 'subscribed') return;
}

function firstTradeDate(universe: readonly string[], timeMs: number): string {
  const calendar = cmeCalendar();
  const [group] = groupsOf(universe);
  if (group === undefined) throw contractError('environment: UNIVERSE is empty');
  let { tradeDate } = calendar.sessionFrom(group, timeMs);
  for (let count = 0; count < HISTORY_SESSIONS; count++)
    tradeDate = calendar.previousSession(group, tradeDate).tradeDate;
  return tradeDate;
}
