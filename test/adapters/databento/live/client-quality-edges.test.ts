import { describe, expect, test } from 'vitest';
import { liveMetadata } from '../../../../adapters/databento/dbn/metadata.ts';
import { encodeMetadata } from '../../../../adapters/databento/dbn/metadata-writer.ts';
import { barClientOf, collect, collectBrief } from './live-harness.ts';
import { bar, DATASET, ScriptedGateway } from './scripted-gateway.ts';

describe('client quality: python callbacks, errors of the consumer that were swallowed', () => {
  const failing = new Error('my own mistake');
  const listen = (): Promise<ScriptedGateway> =>
    ScriptedGateway.listen(async (connection) => {
      await connection.begin();
      connection.send(bar(0), bar(1), bar(2));
    });

  test.each([
    [
      'thrown for a record',
      {
        onRecord: () => {
          throw failing;
        },
      },
    ],
    ['of a promise for a record', { onRecord: () => Promise.reject(failing) }],
    [
      'thrown for a notice',
      {
        onRecord: () => undefined,
        onNotice: () => {
          throw failing;
        },
      },
    ],
    ['of a promise for a notice', { onRecord: () => undefined, onNotice: () => Promise.reject(failing) }],
  ])('an error %s comes out of run as it is, and the connection is closed', async (_, handlers) => {
    await using gateway = await listen();
    const client = barClientOf(gateway);
    await expect(client.run(handlers)).rejects.toBe(failing);
    expect(client.state).toBe('stopped');
    await gateway.connections[0]!.closed();
    expect(gateway.connections.length).toBe(1);
  });

  test('after an error no further record is delivered', async () => {
    await using gateway = await listen();
    let records = 0;
    const onRecord = (): void => {
      records += 1;
      if (records === 2) throw failing;
    };
    await expect(barClientOf(gateway).run({ onRecord })).rejects.toBe(failing);
    expect(records).toBe(2);
  });

  test('an error in the loop over events closes the connection', async () => {
    await using gateway = await listen();
    const client = barClientOf(gateway);
    const consume = async (): Promise<void> => {
      for await (const event of client.events()) if (event.kind === 'record') throw failing;
    };
    await expect(consume()).rejects.toBe(failing);
    await gateway.connections[0]!.closed();
  });
});

describe('client quality: python parsing, a strict parser that breaks on new keys', () => {
  test.each([
    ['a new key', 'lsg_version=9|new=1\ncram=abc\n', 'new=1|success=1|session_id=5|also=new\n'],
    ['a closing bar', 'lsg_version=9\ncram=abc\n', 'success=1|session_id=5|\n'],
    ['carriage returns', 'lsg_version=9\r\ncram=abc\r\n', 'success=1|session_id=5\r\n'],
    ['a greeting of another kind', 'lsg-test\nmotd=hello\ncram=abc\n', 'session_id=5|success=1\n'],
    ['no greeting', 'cram=abc\n', 'success=1|session_id=5\n'],
  ])('%s does not matter', async (_, greeting, answer) => {
    await using gateway = await ScriptedGateway.listen(async (connection) => {
      connection.send(greeting);
      auths.push(await connection.line());
      for (const character of answer) connection.send(character);
      connection.end();
    });
    const sessions: unknown[] = [];
    const auths: string[] = [];
    const client = barClientOf(gateway, {
      onLog: ({ message, fields }) => {
        if (message === 'authenticated') sessions.push(fields.sessionId);
      },
    });
    await collect(client, ({ kind }) => kind === 'disconnected');
    expect(sessions).toEqual(['5']);
    // The challenge is what stands behind the first equals sign, and nothing else.
    expect(auths).toMatchObject([expect.stringMatching(/^auth=806c530c/)]);
  });

  test('DBN right behind the answer to authentication is not lost', async () => {
    await using gateway = await ScriptedGateway.listen(async (connection) => {
      connection.send('lsg_version=9\ncram=abc\n');
      await connection.line();
      connection.send('success=1|session_id=5\n', encodeMetadata(liveMetadata({ dataset: DATASET })), bar(0));
    });
    expect(await collectBrief(barClientOf(gateway), 'bar 0')).toEqual(['connected', 'bar 0']);
  });
});
