import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** A figure against the least that it has to be, as one line: what, how much, and the bound. */
export function atLeast(what: string, value: number, { unit, bound }: { unit: string; bound: number }): string {
  const verdict = value >= bound ? 'within' : 'BELOW';
  return `${figure(what, value, unit)} ${verdict} ${bound} ${unit}`;
}

/** A figure against the most that it may be. */
export function atMost(what: string, value: number, { unit, bound }: { unit: string; bound: number }): string {
  const verdict = value <= bound ? 'within' : 'ABOVE';
  return `${figure(what, value, unit)} ${verdict} ${bound} ${unit}`;
}

/** A figure without a bound. */
export function figure(what: string, value: number, unit: string): string {
  return `${what.padEnd(58)} ${value.toFixed(2).padStart(9)} ${unit}`;
}

/** The value in the middle; of an even number, the higher of the two. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

/** Runs a file of this folder in a process of its own and reads the JSON that it prints last. */
export async function inOwnProcess<T>(
  file: string,
  args: readonly string[],
  nodeArgs: readonly string[] = [],
): Promise<T> {
  const path = fileURLToPath(new URL(file, import.meta.url));
  const child = spawn(process.execPath, [...nodeArgs, path, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  for await (const chunk of child.stdout) said += String(chunk);
  if (child.exitCode === null) await new Promise((resolve) => child.once('exit', resolve));
  if (child.exitCode !== 0) throw new Error(`${file} ${args.join(' ')} ended with ${child.exitCode}`);
  return JSON.parse(said.trim().split('\n').at(-1) ?? '') as T;
}
