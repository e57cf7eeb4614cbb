import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { contractError } from '#core/errors.ts';
import { boundedRequests } from '../bounded-requests.ts';

/** A Secrets Manager client that gives up on a dead socket. */
export function secretsClient(): SecretsManagerClient {
  return new SecretsManagerClient(boundedRequests());
}

/** Reads a secret by name, once; a failed read is tried again by the next call. The value is never part of an error. */
export function cachedSecret(client: SecretsManagerClient, name: string): () => Promise<string> {
  let value: Promise<string> | null = null;
  return () => {
    value ??= read(client, name).catch((error: unknown) => {
      value = null;
      throw error;
    });
    return value;
  };
}

async function read(client: SecretsManagerClient, name: string): Promise<string> {
  const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: name }));
  if (!SecretString) throw contractError(`secret ${name} has no text: store the webhook address in it`);
  return SecretString;
}
