import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { GetParameterCommand, GetParametersCommand, PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type SecretsStandIn, startSecrets } from '#local/emulators/secrets.ts';
import { type SsmStandIn, startSsm } from '#local/emulators/ssm.ts';

let nowMs = 1_000_000;
let ssm: SsmStandIn;
let secrets: SecretsStandIn;
let ssmClient: SSMClient;
let secretsClient: SecretsManagerClient;

beforeAll(async () => {
  ssm = await startSsm(() => nowMs);
  secrets = await startSecrets(() => nowMs);
  const settings = { region: 'us-east-1', credentials: { accessKeyId: 'local', secretAccessKey: 'local' } };
  ssmClient = new SSMClient({ ...settings, endpoint: ssm.endpoint });
  secretsClient = new SecretsManagerClient({ ...settings, endpoint: secrets.endpoint });
});
afterAll(async () => {
  ssmClient.destroy();
  secretsClient.destroy();
  await Promise.all([ssm.stop(), secrets.stop()]);
});

describe('the Parameter Store stand-in, through the SDK', () => {
  test('raises version and date with every put', async () => {
    const put = { Name: '/mode', Type: 'String', Value: 'RUN', AllowedPattern: '^(RUN|HALT)$' } as const;
    expect((await ssmClient.send(new PutParameterCommand(put))).Version).toBe(1);
    nowMs = 2_000_000;
    expect(
      (await ssmClient.send(new PutParameterCommand({ Name: '/mode', Value: 'HALT', Overwrite: true }))).Version,
    ).toBe(2);
    const { Parameter } = await ssmClient.send(new GetParameterCommand({ Name: '/mode' }));
    expect(Parameter).toMatchObject({ Name: '/mode', Value: 'HALT', Type: 'String', Version: 2 });
    expect(Parameter?.LastModifiedDate?.getTime()).toBe(2_000_000);
  });

  test('keeps the allowed pattern when a value is overwritten', async () => {
    ssm.put({ name: '/guarded', type: 'String', value: 'RUN', allowedPattern: '^(RUN|HALT)$' });
    const put = new PutParameterCommand({ Name: '/guarded', Value: 'run', Overwrite: true });
    await expect(ssmClient.send(put)).rejects.toMatchObject({ name: 'ParameterPatternMismatchException' });
    expect(ssm.list().find(({ name }) => name === '/guarded')).toMatchObject({ value: 'RUN', version: 1 });
  });

  test('refuses what AWS refuses, under the same names', async () => {
    ssm.put({ name: '/there', type: 'String', value: 'a', allowedPattern: null });
    const again = new PutParameterCommand({ Name: '/there', Value: 'b', Type: 'String' });
    await expect(ssmClient.send(again)).rejects.toMatchObject({ name: 'ParameterAlreadyExists' });
    const absent = new GetParameterCommand({ Name: '/absent' });
    await expect(ssmClient.send(absent)).rejects.toMatchObject({ name: 'ParameterNotFound' });
    const eleven = new GetParametersCommand({ Names: Array.from({ length: 11 }, (_, index) => `/n${index}`) });
    await expect(ssmClient.send(eleven)).rejects.toMatchObject({ name: 'ValidationException' });
  });

  test('reads several at once and names those that are not there', async () => {
    ssm.put({ name: '/a', type: 'String', value: '1', allowedPattern: null });
    const { Parameters, InvalidParameters } = await ssmClient.send(new GetParametersCommand({ Names: ['/a', '/b'] }));
    expect(Parameters?.map(({ Name, Value }) => [Name, Value])).toEqual([['/a', '1']]);
    expect(InvalidParameters).toEqual(['/b']);
  });
});

describe('the Secrets Manager stand-in, through the SDK', () => {
  test('gives a secret by name and by ARN', async () => {
    secrets.put('rooney/dev/sandbox', 'http://127.0.0.1/hook');
    const byName = await secretsClient.send(new GetSecretValueCommand({ SecretId: 'rooney/dev/sandbox' }));
    expect(byName).toMatchObject({ SecretString: 'http://127.0.0.1/hook', VersionStages: ['AWSCURRENT'] });
    const byArn = await secretsClient.send(new GetSecretValueCommand({ SecretId: byName.ARN }));
    expect(byArn.SecretString).toBe('http://127.0.0.1/hook');
  });

  test('does not find what nobody put there', async () => {
    const read = secretsClient.send(new GetSecretValueCommand({ SecretId: 'nothing' }));
    await expect(read).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });
});
