import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addEnvironment, createApp } from '#infra/rooney-app.ts';
import type { Template } from '#infra/template.ts';
import { configPath, ofType, type Properties, variablesOf } from './synthesised.ts';

let folder: string;
let template: Template;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rooney-code-'));
  const app = createApp({ outdir: join(folder, 'cdk.out') });
  const stack = addEnvironment(app, configPath('dev'));
  template = app.synth().getStackArtifact(stack.artifactId).template as Template;
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function strategyFunction(strategyId: string): Properties {
  const found = ofType(template, 'AWS::Lambda::Function').find(
    ([, { Properties: fn }]) => variablesOf(fn!).STRATEGY_ID === strategyId && 'CONFIG_FILE' in variablesOf(fn!),
  );
  return found![1].Properties!;
}

/** The folder that becomes the code of a function or a layer. */
function assetOf({ S3Key }: { S3Key: string }): string {
  return join(folder, 'cdk.out', `asset.${S3Key.replace('.zip', '')}`);
}

function codeOf(properties: Properties): string {
  return assetOf(properties.Code as { S3Key: string });
}

describe('the code of a strategy function', () => {
  test('is the handler, the configuration it is deployed with, and the models of that strategy only', () => {
    const code = codeOf(strategyFunction('ibs-es'));
    expect(readdirSync(code).sort()).toEqual(['config.yml', 'index.mjs', 'models']);
    expect(readFileSync(join(code, 'config.yml'))).toEqual(readFileSync(configPath('dev')));
    expect(readdirSync(join(code, 'models'))).toEqual(['ibs-es']);
    const other = codeOf(strategyFunction('ibs-macro'));
    expect(existsSync(join(other, 'models/ibs-es'))).toBe(false);
  });

  test.runIf(process.platform === 'linux' && process.arch === 'x64')(
    'starts with its model where there is nothing but Node and the layer',
    () => {
      const fn = strategyFunction('ibs-es');
      const [, layer] = ofType(template, 'AWS::Lambda::LayerVersion')[0]!;
      const root = join(folder, 'root');
      cpSync(codeOf(fn), join(root, 'task'), { recursive: true });
      cpSync(assetOf(layer.Properties!.Content as { S3Key: string }), join(root, 'opt'), { recursive: true });
      mkdirSync(join(root, 'home'));
      const start = "import('./index.mjs').then(({ handler }) => console.log('started', typeof handler))";
      const names = Object.keys(variablesOf(fn)).map((name) => [name, 'https://unused.invalid']);
      const output = execFileSync(process.execPath, ['-e', start], {
        cwd: join(root, 'task'),
        encoding: 'utf8',
        env: {
          ...Object.fromEntries(names),
          STRATEGY_ID: 'ibs-es',
          CONFIG_FILE: variablesOf(fn).CONFIG_FILE as string,
          MODELS_DIR: variablesOf(fn).MODELS_DIR as string,
          HOME: join(root, 'home'),
          AWS_REGION: 'us-east-1',
          NODE_PATH: join(root, 'opt/nodejs/node_modules'),
        },
      });
      // The handler logs a model that it refuses; one line means that it took the model and is ready.
      expect(output).toBe('started function\n');
    },
  );
});
