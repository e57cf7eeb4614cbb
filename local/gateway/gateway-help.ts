import { controlVerbs } from '#adapters/databento/gateway/control.ts';
import { recordFaults, strikes } from '#adapters/databento/gateway/faults.ts';
import { SIMULATOR_KEY } from './gateway-flags.ts';

const verbs = Object.entries(controlVerbs).map(
  ([word, { usage, summary }]) => [`${word} ${usage}`.trim(), summary] as const,
);
const width = Math.max(...verbs.map(([verb]) => verb.length));
const verbLines = verbs.map(([verb, summary]) => `  ${verb.padEnd(width)}  ${summary}`).join('\n');

export const gatewayHelp = `rooney gateway [FILE...] [options]

Runs a stand-in for Databento on this machine: a live gateway over TCP that official clients can connect to, and the
historical API over the same data. Serves DBN files of any schema, or one-minute bars. Ctrl-C ends it.

What it serves
  FILE...               DBN files, plain or zstd, merged by time
  --bars FILE|DIR       one-minute bars: CSV or DBN files, or a folder of them
  --generate            generated one-minute bars (the default)
  --from DATE           first trade date to generate (default 2026-02-05)
  --sessions N          sessions to generate (default 2)
  --universe ES,NQ,...  roots of bars (default all)
  --spreads             calendar spreads beside the outrights of bars

Time
  --pace N|max|stepped  times the speed of the market, as fast as clients read, or by the line "advance" (default 1)
  --start-at TIME       market time at which it begins; what lies before can be replayed
  --wait-for N          with pace max, begin when N sessions stream (default 1)
  --end-with-source     end connections at the end of the data, instead of going on with heartbeats
  --latency DURATION    from the market to the gateway; --jitter DURATION is a changing part on top
  --replay-window DURATION  how far back a start may lie (default 24h)

Connections
  --port N              of the live gateway (default 13000; 0 for any)
  --historical-port N   of the historical API (default the next port; "off" for none)
  --host ADDRESS        to listen on (default 127.0.0.1)
  --key KEY             accepted key, as often as wanted (default ${SIMULATOR_KEY})
  --sessions-max N      authenticated sessions at a time (default 10)
  --connections-per-second N|any  new connections of one address (default 5)
  --dbn-version 1|2|3   version to send (default 3)
  --heartbeat SECONDS   interval for clients that name none, 5 to 1800 (default 30)
  --chunk BYTES         send in pieces of at most so many bytes
  --zstd-frames N       end the zstd frame after N batches

Faults
  --seed N              of all that is drawn: bars, challenges, faults (default 1)
  --faults KIND=RATE,...  drawn for each minute sent: ${strikes.join(', ')};
                        for each record: ${recordFaults.join(', ')}
  --no-markers          no ends of intervals
  --unresolvable SYM,...  symbols that do not resolve

  --json                print the addresses as one JSON object
  --help                this text

Lines on standard input, each answered "ack ..." or "nack ...":
${verbLines}`;
