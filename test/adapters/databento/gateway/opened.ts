import { onTestFinished } from 'vitest';
import { type Gateway, type GatewayOptions, startGateway } from '#adapters/databento/gateway/gateway.ts';
import { KEY, RawClient } from './raw-client.ts';

/**
 * A gateway that ends with the test. It ends sessions with its source, and new connections are not limited, unless that
 * is asked for.
 */
export async function openGateway(options: Omit<GatewayOptions, 'keys'>): Promise<Gateway> {
  const gateway = await startGateway({ keys: [KEY], connectionsPerSecond: null, endWithSource: true, ...options });
  onTestFinished(() => gateway.close());
  return gateway;
}

/** A client that ends with the test. */
export async function connectTo({ port }: Gateway): Promise<RawClient> {
  const client = await RawClient.connect(port);
  onTestFinished(() => client.close());
  return client;
}

/** A client that has authenticated, subscribed and started. */
export async function startedClient(
  gateway: Gateway,
  lines: readonly string[],
  auth: Readonly<Record<string, string | number>> = {},
): Promise<RawClient> {
  const client = await connectTo(gateway);
  await client.authenticate(auth);
  client.start(...lines);
  return client;
}
