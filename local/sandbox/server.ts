import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { contractError, invariant } from '#core/errors.ts';
import type { Clock } from '#core/ports.ts';
import { json, send } from './delivery.ts';
import { type Received, SandboxDesk } from './desk.ts';
import type { Misbehaviour } from './misbehaviour.ts';
import type { SubscriptionSettings } from './plan.ts';
import { parseJson } from './webhook.ts';

/** How to start a sandbox. */
export interface SandboxOptions {
  /** Port on 127.0.0.1; 0 for any free one. */
  readonly port: number;
  /** Names of the broker accounts, each with its own webhook, positions and limits; default one, `sandbox`. */
  readonly accounts?: readonly string[];
  /** Clock of the rate limits; a replay gives its own, so that they count replayed minutes. Default the wall's. */
  readonly clock?: Pick<Clock, 'now'>;
  /** Settings of every subscription; default all off. */
  readonly settings?: Partial<SubscriptionSettings>;
  /** Told of every request to a webhook, after it was acted on and before it is answered. */
  readonly onReceived?: (received: Received) => void;
}

/** A running TradersPost sandbox. */
export interface Sandbox {
  /** Webhook URL of the first account. */
  readonly url: string;
  /** Webhook URL of an account; throws a contract error for a name that was not given at the start. */
  webhookUrl(account: string): string;
  positions(): ReturnType<SandboxDesk['positions']>;
  /** Every order of every account, filled ones included. */
  orders(): ReturnType<SandboxDesk['orders']>;
  /** Every request to a webhook in order of receipt. */
  received(): readonly Received[];
  /** Adds a fault to commit; throws when the rule is not valid. */
  misbehave(rule: Misbehaviour): void;
  /** Cuts all connections and frees the port. */
  close(): Promise<void>;
}

/**
 * Starts the sandbox on 127.0.0.1. Beside the webhooks it answers GET /positions, /orders and /received, and takes a
 * misbehaviour as JSON at POST /misbehave. Throws a contract error when the port cannot be had.
 */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { accounts = ['sandbox'], clock = { now: Date.now }, onReceived = () => undefined } = options;
  const settings = { addToPosition: false, sideSwapping: false, cancelOpenOrders: false, ...options.settings };
  invariant(accounts.length > 0, 'a sandbox needs at least one account, found none');
  const desk = new SandboxDesk({ accounts, settings, clock });
  const closing = new AbortController();
  const server = createServer((request, response) => {
    // Whatever fails here failed on a connection that is gone; the client learns as much as from any lost reply.
    respond({ desk, onReceived, signal: closing.signal }, request, response).catch(() => response.destroy());
  });
  const origin = await listen(server, options.port);
  const webhookUrl = (account: string) => {
    const webhook = desk.webhooks.find((candidate) => candidate.account === account);
    if (webhook !== undefined) return `${origin}${webhook.path}`;
    throw contractError(`the sandbox has no account "${account}"; it was started with ${accounts.join(', ')}`);
  };
  return {
    url: webhookUrl(accounts[0] ?? ''),
    webhookUrl,
    positions: () => desk.positions(),
    orders: () => desk.orders(),
    received: () => [...desk.log],
    misbehave: (rule) => desk.faults.add(rule),
    async close() {
      closing.abort();
      const closed = once(server.close(), 'close');
      server.closeAllConnections();
      await closed;
    },
  };
}

interface Service {
  readonly desk: SandboxDesk;
  readonly onReceived: (received: Received) => void;
  /** Aborted when the sandbox closes. */
  readonly signal: AbortSignal;
}

async function respond(service: Service, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { desk, onReceived, signal } = service;
  const text = await readBody(request);
  const { method = '', url: path = '' } = request;
  if (path.startsWith('/trading/')) {
    const { received, answer, delayMs } = desk.receive({ method, path, text, wallTimeMs: Date.now() });
    onReceived(received);
    if (delayMs > 0) await wait(delayMs, undefined, { signal });
    send(response, answer);
    return;
  }
  send(response, control(desk, `${method} ${path}`, text));
}

function control(desk: SandboxDesk, request: string, text: string): ReturnType<typeof json> {
  switch (request) {
    case 'GET /positions':
      return json(200, desk.positions());
    case 'GET /orders':
      return json(200, desk.orders());
    case 'GET /received':
      return json(200, desk.log);
    case 'POST /misbehave':
      try {
        desk.faults.add(parseJson(text));
        return json(200, { success: true });
      } catch (error) {
        return json(400, { success: false, message: error instanceof Error ? error.message : String(error) });
      }
    default:
      return json(404, { success: false, message: 'GET /positions, /orders or /received, or POST /misbehave' });
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

/** Binds to this machine only; returns the origin. */
async function listen(server: Server, port: number): Promise<string> {
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'EADDRINUSE') throw contractError(`cannot listen on port ${port}: ${message}`, { cause: error });
    throw contractError(`port ${port} is already in use; stop the program that has it or choose another port`);
  }
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
