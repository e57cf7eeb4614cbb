import { latency } from './latency.ts';
import { memory } from './memory.ts';
import { ready } from './ready.ts';
import { session } from './session.ts';

/** Every measurement, by the word that asks for it. */
const measurements: Readonly<Record<string, () => Promise<string[]>>> = { ready, session, latency, memory };

const asked = process.argv.slice(2);
const unknown = asked.find((name) => !Object.hasOwn(measurements, name));
if (unknown !== undefined) {
  console.error(`bench: unknown measurement '${unknown}'; there are ${Object.keys(measurements).join(', ')}`);
  process.exit(2);
}
for (const name of asked.length > 0 ? asked : Object.keys(measurements)) {
  console.error(`measuring ${name} ...`);
  for (const line of (await measurements[name]?.()) ?? []) console.log(line);
}
