import { parentPort, workerData } from 'node:worker_threads';
import type { FuzzInput, FuzzTarget } from '#test/adapters/databento/fuzz/target.ts';
import type { Campaign } from './fuzz-campaign.ts';
import { BlockCoverage } from './fuzz-coverage.ts';
import { type FuzzReport, type FuzzTask, type TargetName, TRACE_WORDS, targetNames } from './fuzz-task.ts';

/** A batch reports itself when so many inputs have gone by. */
const REPORT_EVERY = 20_000;
/** The files that read what comes from outside. */
const counted =
  /adapters\/databento\/(protocol\/.*|gateway\/handshake|dbn\/(decoder|header-collector|metadata|record-kinds|record-view|record-object|straight-records|upgrade|views|zstd-frames|stream|peeked-chunks))\.ts$/;

const { seed, inputs, trace } = workerData as FuzzTask;
// Most inputs end in an error, whose stack nobody reads.
Error.stackTraceLimit = 0;
const coverage = new BlockCoverage((url) => counted.test(url));
coverage.start();
// Loaded only now, so that their blocks are counted.
const { Campaign: CountedCampaign } = await import('./fuzz-campaign.ts');
const targets: Record<TargetName, FuzzTarget> = {
  decoder: (await import('#test/adapters/databento/fuzz/decoder-target.ts')).decoderTarget,
  control: (await import('#test/adapters/databento/fuzz/control-target.ts')).controlTarget,
  zstd: (await import('#test/adapters/databento/fuzz/zstd-target.ts')).zstdTarget,
};

const words = new Int32Array(trace, 0, TRACE_WORDS);
const bytes = new Uint8Array(trace, TRACE_WORDS * 4);
let [arrayBuffersMax, rssMax] = [0, 0];

function report(target: TargetName, campaign: Campaign, done: { inputs: number; isEnd: boolean }): void {
  parentPort?.postMessage({
    target,
    ...done,
    blocks: coverage.blocks,
    corpus: campaign.corpusSize,
    digest: campaign.digest,
    arrayBuffersMax,
    rssMax,
    violations: [...campaign.violations.values()],
    reached: done.isEnd ? coverage.reached() : null,
  } satisfies FuzzReport);
}

for (const [number, name] of targetNames.entries()) {
  [arrayBuffersMax, rssMax] = [0, 0];
  let [done, reported] = [0, 0];
  const campaign = new CountedCampaign(targets[name], seed, {
    coverage,
    watch: {
      onInput(input: FuzzInput) {
        words[1] = input.bytes.length;
        words[2] = number;
        bytes.set(input.bytes);
        Atomics.add(words, 0, 1);
      },
      onBatch(batch, count) {
        done += count;
        const { arrayBuffers, rss } = process.memoryUsage();
        arrayBuffersMax = Math.max(arrayBuffersMax, arrayBuffers);
        rssMax = Math.max(rssMax, rss);
        if (done - reported < REPORT_EVERY && done < inputs[name]) return;
        report(name, batch, { inputs: done - reported, isEnd: false });
        reported = done;
      },
    },
  });
  await campaign.run(inputs[name]);
  report(name, campaign, { inputs: 0, isEnd: true });
}
