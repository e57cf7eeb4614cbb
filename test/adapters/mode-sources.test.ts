import { SSMClient } from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { memoryModes } from '#adapters/memory/mode-source.ts';
import { ssmModeSource } from '#adapters/ssm/mode-source.ts';
import { type SsmStandIn, startSsm } from '#local/emulators/ssm.ts';
import { localSettings } from './dynamodb/emulated-table.ts';
import { modeSourceContract } from './mode-source-contract.ts';

modeSourceContract('memory', async () => {
  const source = memoryModes('RUN');
  return { source, set: source.set };
});

describe('over a stand-in of the Parameter Store', () => {
  let ssm: SsmStandIn;
  let client: SSMClient;
  let count = 0;
  beforeAll(async () => {
    ssm = await startSsm(() => 1_731_430_800_000);
    client = new SSMClient({ endpoint: ssm.endpoint, ...localSettings });
  });
  afterAll(async () => {
    client.destroy();
    await ssm.stop();
  });

  function makeParameters(): { names: { global: string; own: string }; put: (name: string, value: string) => void } {
    count += 1;
    const names = { global: `/test-${count}/mode`, own: `/test-${count}/ibs/mode` };
    const put = (name: string, value: string): void =>
      void ssm.put({ name, value, type: 'String', allowedPattern: null });
    for (const name of [names.global, names.own]) put(name, 'RUN');
    return { names, put };
  }

  modeSourceContract('SSM', async () => {
    const { names, put } = makeParameters();
    return {
      source: ssmModeSource({ client, names }),
      set: (scope, mode) => put(names[scope], mode ?? 'as fast as you can'),
    };
  });

  test('a missing parameter and a service that is gone are readings without a mode', async () => {
    const { names } = makeParameters();
    const missing = await ssmModeSource({ client, names: { ...names, own: '/nobody/mode' } }).read();
    expect(missing).toMatchObject({ global: { mode: 'RUN' }, own: { mode: null } });
    const nowhere = new SSMClient({ endpoint: 'http://127.0.0.1:1', maxAttempts: 1, ...localSettings });
    expect(await ssmModeSource({ client: nowhere, names }).read()).toMatchObject({
      global: { mode: null },
      own: { mode: null },
    });
    nowhere.destroy();
  });
});
