import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { modes } from '#core/execution/mode.ts';
import { synthTemplate } from '#infra/template.ts';
import { configPath, ofType, templateOf } from './synthesised.ts';

const dev = templateOf('dev');

/** Any difference to these lines in a deploy would make CloudFormation write REDUCE_ONLY over what an operator set. */
const pinned = {
  Modesglobal3893A262: parameter('/rooney/dev/mode/global'),
  ModesibsesF6AAAE37: parameter('/rooney/dev/mode/ibs-es'),
  Modesibsmacro46FF5ECB: parameter('/rooney/dev/mode/ibs-macro'),
};

function parameter(name: string) {
  const pattern = '^(RUN|REDUCE_ONLY|FLATTEN|HALT)$';
  return {
    Type: 'AWS::SSM::Parameter',
    Properties: { Name: name, Type: 'String', Value: 'REDUCE_ONLY', AllowedPattern: pattern },
  };
}

test('every mode is created as REDUCE_ONLY and nothing about its resource ever changes', () => {
  expect(Object.fromEntries(ofType(dev, 'AWS::SSM::Parameter'))).toEqual(pinned);
});

test('a deploy of another configuration leaves the modes alone', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rooney-modes-'));
  try {
    const path = join(folder, 'changed.yml');
    const text = readFileSync(configPath('dev'), 'utf8');
    const changed = text
      .replace('latency: fast', 'latency: standard')
      .replaceAll('state: active', 'state: draining')
      .replace('slippageTicks: 1', 'slippageTicks: 2');
    expect(changed).not.toBe(text);
    writeFileSync(path, changed);
    expect(Object.fromEntries(ofType(synthTemplate(path), 'AWS::SSM::Parameter'))).toEqual(pinned);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a mode parameter takes the words that the system knows and no other', () => {
  const allowed = new RegExp(parameter('').Properties.AllowedPattern);
  expect(modes.filter((mode) => !allowed.test(mode))).toEqual([]);
  for (const other of ['run', 'RUN ', '', 'ON', 'RUN|HALT']) expect(allowed.test(other)).toBe(false);
});
