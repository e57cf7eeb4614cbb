import { connect, type LookupFunction, type Socket } from 'node:net';
import { DatabentoError } from '../errors.ts';
import { type LiveClock, startTimer } from './live-clock.ts';

const CONNECT_MS_MAX = 10_000;
/** How long one address of several is tried before the next one is tried as well. */
const ADDRESS_MS_MAX = 1_000;

export interface GatewayAddress {
  readonly host: string;
  readonly port: number;
  /** Name resolution, asked anew for each connection; the machine's own when not given. */
  readonly lookup?: LookupFunction | undefined;
}

/**
 * Connects by name: resolves it anew and tries every address that it has. Throws code `connection` when none answers
 * within ten seconds, or when the signal is aborted.
 */
export function dial(address: GatewayAddress, clock: LiveClock, signal: AbortSignal): Promise<Socket> {
  const { host, port, lookup } = address;
  const failed = (why: string, cause?: unknown): DatabentoError =>
    new DatabentoError('connection', `no connection to ${host}:${port}: ${why}`, { cause });
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(failed('stopped'));
      return;
    }
    const socket = connect({
      host,
      port,
      noDelay: true,
      autoSelectFamily: true,
      autoSelectFamilyAttemptTimeout: ADDRESS_MS_MAX,
      ...(lookup === undefined ? {} : { lookup }),
    });
    const give = (outcome: () => void): void => {
      cancelTimer();
      signal.removeEventListener('abort', onAbort);
      outcome();
    };
    const abandon = (why: string): void => {
      give(() => reject(failed(why)));
      socket.destroy();
    };
    const onAbort = (): void => abandon('stopped');
    const cancelTimer = startTimer(clock, CONNECT_MS_MAX, () => abandon(`no answer within ${CONNECT_MS_MAX / 1000} s`));
    signal.addEventListener('abort', onAbort);
    // Stays for the life of the socket: whoever reads from it is told of errors by the iteration.
    socket.on('error', (error) => give(() => reject(failed(describeSocketError(error), error))));
    socket.once('connect', () => give(() => resolve(socket)));
  });
}

/** What a socket's error says, for one address or for several. */
export function describeSocketError(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(describeSocketError).join(', ');
  if (!(error instanceof Error)) return String(error);
  return error.message === '' ? ((error as NodeJS.ErrnoException).code ?? error.name) : error.message;
}
