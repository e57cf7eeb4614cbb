import { dbn } from './databento-dbn.ts';
import { live } from './databento-live.ts';
import { reconnect } from './databento-reconnect.ts';
import { fuzz } from './fuzz.ts';
import { latency } from './latency.ts';
import { memory } from './memory.ts';
import { ready } from './ready.ts';
import { session } from './session.ts';

/** Every measurement, by the word that asks for it; a number behind the word is how much of it. */
const measurements: Readonly<Record<string, (amount?: number) => Promise<string[]>>> = {
  ready,
  session,
  latency,
  memory,
  dbn,
  live,
  reconnect,
  fuzz,
};

interface Asked {
  readonly name: string;
  amount?: number;
}

const asked: Asked[] = [];
for (const word of process.argv.slice(2)) {
  const last = asked.at(-1);
  if (/^\d+(\.\d+)?$/.test(word) && last !== undefined && last.amount === undefined) last.amount = Number(word);
  else asked.push({ name: word });
}
const unknown = asked.find(({ name }) => !Object.hasOwn(measurements, name));
if (unknown !== undefined) {
  console.error(`bench: unknown measurement '${unknown.name}'; there are ${Object.keys(measurements).join(', ')}`);
  process.exit(2);
}
const wanted: readonly Asked[] = asked.length > 0 ? asked : Object.keys(measurements).map((name) => ({ name }));
for (const { name, amount } of wanted) {
  console.error(`measuring ${name} ...`);
  for (const line of (await measurements[name]?.(amount)) ?? []) console.log(line);
}
