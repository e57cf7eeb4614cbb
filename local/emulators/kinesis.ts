import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PLAIN = 1;
const TLS = 2;
const STARTUP_MS_MAX = 20_000;

/** A running `kinesis-local`. */
export interface KinesisEmulator {
  readonly endpoint: string;
  readonly pid: number | undefined;
  /** Settles when the child ends, with the reason; an end that nobody asked for is a failure of the run. */
  readonly ended: Promise<string>;
  stop(): Promise<void>;
}

/**
 * Starts `kinesis-local` as a child on a free loopback port and waits until it listens.
 *
 * Throws with what the child printed when it ends or says nothing for 20 s.
 */
export async function startKinesis(): Promise<KinesisEmulator> {
  const packageFolder = dirname(createRequire(import.meta.url).resolve('kinesis-local'));
  const child = spawn(process.execPath, [fileURLToPath(new URL('./kinesis-child.mjs', import.meta.url))], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: {
      KINESIS_MOCK_PLAIN_PORT: String(PLAIN),
      KINESIS_MOCK_TLS_PORT: String(TLS),
      KINESIS_MOCK_CERT_PATH: join(packageFolder, 'server.json'),
      CREATE_STREAM_DURATION: '10ms',
      SHOULD_PERSIST_DATA: 'false',
      LOG_LEVEL: 'ERROR',
    },
  });
  let printed = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    printed = (printed + chunk.toString()).slice(-2000);
  });
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) =>
      resolve(`kinesis-local ended with ${signal ?? `code ${code}`} ${printed}`.trim()),
    );
  });
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
  };
  const port = new Promise<number>((resolve, reject) => {
    child.on('message', (message) => {
      const { server, port } = message as { server: number; port: number };
      if (server === PLAIN) resolve(port);
    });
    ended.then((reason) => reject(new Error(reason)), reject);
    setTimeout(() => reject(new Error(`kinesis-local did not start in 20 s. ${printed}`)), STARTUP_MS_MAX).unref();
  });
  try {
    return { endpoint: `http://127.0.0.1:${await port}`, pid: child.pid, ended, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
