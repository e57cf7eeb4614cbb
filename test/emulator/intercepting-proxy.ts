import { createServer, type IncomingMessage, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/**
 * What to do with one request: pass it on, cut it before the service sees it, or let the service act and lose its reply;
 * a function runs between the act and the loss.
 */
export type Interception = 'pass' | 'cut-request' | 'cut-reply' | (() => Promise<void>);

/** A proxy in front of one emulator. */
export interface InterceptingProxy {
  readonly endpoint: string;
  /** Decides on every request by the AWS operation's name and body; may wait, and may kill somebody. */
  intercept: (operation: string, body: string) => Interception | Promise<Interception>;
  stop(): Promise<void>;
}

/** Starts a proxy that passes everything on until told otherwise. */
export async function startProxy(target: string): Promise<InterceptingProxy> {
  const { hostname, port } = new URL(target);
  const server = createServer((incoming, outgoing) => {
    forward(incoming).then(
      (reply) => {
        if (reply === null) return void outgoing.destroy();
        outgoing.writeHead(reply.status, reply.headers);
        outgoing.end(reply.body);
      },
      () => outgoing.destroy(),
    );
  });
  const proxy: InterceptingProxy = {
    endpoint: '',
    intercept: () => 'pass',
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };

  async function forward(incoming: IncomingMessage) {
    const body = await buffer(incoming);
    const operation =
      String(incoming.headers['x-amz-target'] ?? '')
        .split('.')
        .at(-1) ?? '';
    const decided = await proxy.intercept(operation, body.toString('utf8'));
    if (decided === 'cut-request') return null;
    const reply = await new Promise<IncomingMessage>((resolve, reject) => {
      const { method, url, headers } = incoming;
      send({ hostname, port, method, path: url, headers }, resolve).on('error', reject).end(body);
    });
    const replyBody = await buffer(reply);
    if (typeof decided === 'function') await decided();
    return decided !== 'pass' ? null : { status: reply.statusCode ?? 500, headers: reply.headers, body: replyBody };
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return Object.assign(proxy, { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
}
