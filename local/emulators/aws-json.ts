import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An error in the shape AWS services of protocol json-1.1 use; `code` becomes the SDK's error name. */
export class AwsError extends Error {
  readonly code: string;
  /** 400 for a wrong request, 500 for a failing service. */
  readonly statusCode: number;

  constructor(code: string, message: string, statusCode = 400) {
    super(message);
    this.code = code;
    this.statusCode = statusCode;
  }
}

/** One operation: parsed request in, response out; throws `AwsError`. */
export type AwsOperation = (request: Record<string, unknown>) => object;

/** A small HTTP server that speaks one AWS service. */
export interface AwsJsonServer {
  readonly endpoint: string;
  stop(): Promise<void>;
}

/** Serves operations by name over `application/x-amz-json-1.1` on a free loopback port. */
export async function serveAwsJson(operations: Readonly<Record<string, AwsOperation>>): Promise<AwsJsonServer> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const name = String(request.headers['x-amz-target'] ?? '').split('.')[1] ?? '';
      const { statusCode, body } = answer(operations[name], name, Buffer.concat(chunks).toString());
      response.writeHead(statusCode, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function answer(operation: AwsOperation | undefined, name: string, text: string): { statusCode: number; body: object } {
  try {
    if (!operation) throw new AwsError('UnknownOperationException', `the local stand-in has no operation ${name}`);
    return { statusCode: 200, body: operation(JSON.parse(text) as Record<string, unknown>) };
  } catch (error) {
    const known = error instanceof AwsError ? error : new AwsError('InternalServerError', String(error), 500);
    return { statusCode: known.statusCode, body: { __type: known.code, message: known.message } };
  }
}
