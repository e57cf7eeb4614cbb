import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import type { IngestMessage, SupervisorMessage } from '#ingest-service/messages.ts';

/** What the ingest service is started with. */
export interface IngestChildSettings {
  readonly rootFolder: string;
  /** The whole environment of the process. */
  readonly environment: Readonly<Record<string, string>>;
  readonly onMessage: (message: IngestMessage) => void;
  /** Takes everything the service prints. */
  readonly onOutput: (text: string) => void;
}

/** The ingest service as a child: the Fargate entry point, as it is. */
export interface IngestChild {
  /** Lets one more slice be announced, at stepped pace. */
  advance(): void;
  /** Says that the source has sent all it has, up to `closeTimeMs`. */
  last(closeTimeMs: number): void;
  /** Settles when the process is gone: its exit code, or null when a signal ended it. */
  readonly ended: Promise<number | null>;
  readonly pid: number | undefined;
  /** SIGTERM as from ECS; SIGKILL when it has not ended two seconds later. */
  stop(): Promise<void>;
}

const STOP_MS_MAX = 2000;

/** Starts `ingest-service/main.ts`. It ends by itself when this process does, because its channel closes. */
export function startIngestChild(settings: IngestChildSettings): IngestChild {
  const { rootFolder, environment, onMessage, onOutput } = settings;
  const child: ChildProcess = spawn(process.execPath, [join(rootFolder, 'ingest-service/main.ts')], {
    cwd: rootFolder,
    env: { ...environment },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', onOutput);
  }
  child.on('message', (message) => onMessage(message as IngestMessage));
  const ended = new Promise<number | null>((resolve) => {
    child.once('error', () => resolve(1));
    // Not `exit`: messages may still be on their way then.
    child.once('close', resolve);
  });
  const tell = (message: SupervisorMessage): void => {
    if (child.connected) child.send(message);
  };
  return {
    pid: child.pid,
    ended,
    advance: () => tell({ type: 'advance' }),
    last: (closeTimeMs) => tell({ type: 'last', closeTimeMs }),
    async stop() {
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX);
      await ended;
      clearTimeout(timer);
    },
  };
}
