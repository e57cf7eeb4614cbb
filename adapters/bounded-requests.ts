import { NodeHttpHandler } from '@smithy/node-http-handler';

/**
 * Settings for every AWS client: without limits the SDK waits for a dead socket for ever, and its default number of
 * attempts changes with its version. Over HTTP/1.1, which emulators and cloud both speak.
 */
export function boundedRequests(): { readonly maxAttempts: number; readonly requestHandler: NodeHttpHandler } {
  return {
    maxAttempts: 4,
    requestHandler: new NodeHttpHandler({
      connectionTimeout: 300,
      requestTimeout: 2_000,
      throwOnRequestTimeout: true,
    }),
  };
}
