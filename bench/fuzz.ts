import { existsSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { INPUT_BYTES_MAX } from '#test/adapters/databento/fuzz/mutations.ts';
import type { Violation } from './fuzz-campaign.ts';
import { type FuzzReport, type FuzzTask, type TargetName, TRACE_WORDS, targetNames } from './fuzz-task.ts';

const INPUTS = 10_000_000;
/** Parts of the inputs, by how fast each target is; two threads share them. */
const shares: Readonly<Record<TargetName, number>> = { decoder: 0.6, control: 0.395, zstd: 0.005 };
const THREADS = 2;
const SEED = 1;
/** An input that takes longer counts as a hang. */
const HANG_MS = 20_000;
const MIB = 2 ** 20;
/**
 * What a thread may hold in buffers, those included that wait to be collected: a batch of a thousand inputs makes some
 * megabytes of them. What one decoder may set aside is held to a sharper bound in the tests.
 */
const ARRAY_BUFFERS_MAX = 128 * MIB;
/** What the process may hold in all, with the coverage of both threads. */
const RSS_MAX = 1024 * MIB;
const HEAP_MIB_MAX = 512;
const root = fileURLToPath(new URL('..', import.meta.url));

/** What all threads have done. */
class Tally {
  inputs = 0;
  readonly startedMs = performance.now();
  readonly latest = new Map<string, FuzzReport>();
  readonly violations: Violation[] = [];
  readonly history: string[] = [];
  readonly reached = new Map<string, Uint8Array>();
  #nextLine = 1_000;

  add(thread: number, report: FuzzReport): void {
    this.inputs += report.inputs;
    this.latest.set(`${thread} ${report.target}`, report);
    if (report.isEnd) this.violations.push(...report.violations);
    for (const [url, reached] of report.reached ?? []) {
      const all = this.reached.get(url) ?? new Uint8Array(reached.length);
      this.reached.set(
        url,
        all.map((value, at) => value | reached[at]!),
      );
    }
    if (this.inputs < this.#nextLine) return;
    this.history.push(this.line());
    console.error(`  ${this.line()}`);
    this.#nextLine = this.inputs < 1_000_000 ? this.inputs * 3 : this.inputs + 1_000_000;
  }

  line(): string {
    const seconds = (performance.now() - this.startedMs) / 1000;
    const reports = [...this.latest.values()];
    const corpus = reports.reduce((sum, report) => sum + report.corpus, 0);
    const blocks = Math.max(...reports.map((report) => report.blocks));
    const failed = new Set(reports.flatMap(({ violations }) => violations.map(({ what }) => what)));
    return (
      `${this.inputs.toLocaleString('en-US').padStart(11)} inputs ${seconds.toFixed(0).padStart(5)} s ` +
      `${(this.inputs / seconds).toFixed(0).padStart(7)}/s  blocks ${blocks}  corpus ${corpus}  violations ${failed.size}`
    );
  }
}

/**
 * Coverage-guided fuzzing of what reads bytes from outside: the decoder, control lines, zstd frames. 10 million mutated
 * inputs, or as many as given. FUZZ_SEED chooses other ones; the same seed gives the same ones.
 */
export async function fuzz(inputs = INPUTS): Promise<string[]> {
  const seed = Number(process.env.FUZZ_SEED ?? SEED);
  const tally = new Tally();
  await Promise.all(Array.from({ length: THREADS }, (_, thread) => runThread(thread, { inputs, seed, tally })));
  const reports = [...tally.latest.values()];
  tally.violations.push(...reports.flatMap(memoryViolations));
  return [
    `fuzzing, ${inputs.toLocaleString('en-US')} mutated inputs in ${THREADS} threads, seed ${seed} ` +
      `(digest ${reports.reduce((sum, { digest }) => (sum + digest) >>> 0, 0).toString(16)})`,
    ...tally.history,
    tally.line(),
    ...targetNames.map((name) => targetLine(name, reports, shares[name] * inputs)),
    ...unreachedLines(tally.reached),
    ...violationLines(tally.violations),
  ];
}

async function runThread(thread: number, run: { inputs: number; seed: number; tally: Tally }): Promise<void> {
  const { tally } = run;
  const trace = new SharedArrayBuffer(4 * TRACE_WORDS + INPUT_BYTES_MAX);
  const words = new Int32Array(trace, 0, TRACE_WORDS);
  const share = (name: TargetName): number => Math.ceil((run.inputs * shares[name]) / THREADS);
  const task: FuzzTask = {
    seed: run.seed * 1000 + thread,
    inputs: { decoder: share('decoder'), control: share('control'), zstd: share('zstd') },
    trace,
  };
  const worker = new Worker(new URL('fuzz-worker.ts', import.meta.url), {
    workerData: task,
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB_MAX },
  });
  const lost = (what: string): void => {
    const bytes = Buffer.from(trace, 4 * TRACE_WORDS, words[1]);
    tally.violations.push(violationOf(targetNames[words[2]!] ?? '', what, bytes.toString('hex')));
  };
  let seen = -1;
  const watch = setInterval(() => {
    const count = Atomics.load(words, 0);
    if (count === seen) {
      lost(`an input that takes more than ${HANG_MS / 1000} s`);
      void worker.terminate();
    }
    seen = count;
  }, HANG_MS);
  worker.on('message', (report: FuzzReport) => tally.add(thread, report));
  worker.on('error', (error) => lost(`the thread ended: ${error.message}`));
  await new Promise((resolve) => worker.once('exit', resolve));
  clearInterval(watch);
}

function violationOf(target: string, what: string, hex: string): Violation {
  return { target, what, hex, cuts: [], terms: null, count: 1 };
}

function memoryViolations(report: FuzzReport): Violation[] {
  const isWithin = report.arrayBuffersMax <= ARRAY_BUFFERS_MAX && report.rssMax <= RSS_MAX;
  return isWithin ? [] : [violationOf(report.target, 'memory above the bound', '')];
}

function targetLine(name: TargetName, reports: readonly FuzzReport[], inputs: number): string {
  const own = reports.filter(({ target }) => target === name);
  const corpus = own.map((report) => report.corpus).join(' + ');
  const mib = (pick: (report: FuzzReport) => number): string => (Math.max(...own.map(pick)) / MIB).toFixed(0);
  return (
    `  ${name.padEnd(8)} ${inputs.toLocaleString('en-US').padStart(9)} inputs; corpus ${corpus}; buffers of a thread at most ` +
    `${mib((report) => report.arrayBuffersMax)} MiB (bound ${ARRAY_BUFFERS_MAX / MIB}), process ` +
    `${mib((report) => report.rssMax)} MiB (bound ${RSS_MAX / MIB})`
  );
}

/** Lines of the counted files that nothing reached. */
function unreachedLines(reached: ReadonlyMap<string, Uint8Array>): string[] {
  let [all, ran] = [0, 0];
  const lines: string[] = [];
  for (const [url, characters] of [...reached].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const path = fileURLToPath(url);
    if (!existsSync(path)) continue;
    const source = readFileSync(path, 'utf8');
    all += characters.length;
    ran += characters.reduce((sum, value) => sum + value, 0);
    const missed = new Set<number>();
    let line = 1;
    for (let at = 0; at < characters.length; at++) {
      if (characters[at] === 0 && /[\w]/.test(source[at] ?? '')) missed.add(line);
      if (source[at] === '\n') line += 1;
    }
    if (missed.size > 0) lines.push(`  not reached: ${relative(root, path)} lines ${[...missed].join(' ')}`);
  }
  return [`${((100 * ran) / all).toFixed(1)} % of the ${all} characters of ${reached.size} files reached`, ...lines];
}

function violationLines(violations: readonly Violation[]): string[] {
  const smallest = new Map<string, Violation>();
  for (const violation of violations) {
    const key = `${violation.target} ${violation.what.replace(/"[^"]*"|\d+/g, '#')}`;
    const known = smallest.get(key);
    const count = violation.count + (known?.count ?? 0);
    const best = known !== undefined && known.hex.length <= violation.hex.length ? known : violation;
    smallest.set(key, { ...best, count });
  }
  return [
    `violations: ${smallest.size}`,
    ...[...smallest.values()].flatMap(({ target, what, hex, cuts, terms, count }) => [
      `  ${target}: ${what} (${count} times)`,
      `    chunks of ${cuts.join(', ')}; terms ${JSON.stringify(terms)}; input ${hex}`,
    ]),
  ];
}
