import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { RunOutput } from '#local/run-output.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rooney-output-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const metrics = (values: object): string =>
  JSON.stringify({
    _aws: {
      Timestamp: 1,
      CloudWatchMetrics: [{ Namespace: 'Rooney', Dimensions: [['service']], Metrics: [{ Name: 'Intent-accepted' }] }],
    },
    service: 'ibs',
    ...values,
  });

describe('what functions print', () => {
  test('is kept in a file each and counted by line, however it comes in pieces', async () => {
    const output = new RunOutput(folder, (error) => expect.unreachable(error.message));
    const log = output.log('strategy');
    log.write('{"level":"INFO","message":"deci');
    log.write(
      `sion"}\n${metrics({ 'Intent-accepted': 2 })}\n${metrics({ 'Intent-accepted': [1, 1] })}\n{"_aws": broken\n`,
    );
    await output.close();
    expect({ decisions: output.decisions, orders: output.orders }).toEqual({ decisions: 1, orders: 4 });
    expect(readFileSync(log.path, 'utf8').split('\n')).toHaveLength(5);
    expect(log.recent()[0]).toBe('{"level":"INFO","message":"decision"}');
  });

  test('that has nowhere to go is refused at once', () => {
    const file = join(folder, 'a-file');
    writeFileSync(file, '');
    const output = new RunOutput(join(file, 'local'), () => undefined);
    expect(() => output.log('strategy')).toThrow(/ENOTDIR/);
  });
});
