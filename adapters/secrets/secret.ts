import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { contractError, RooneyError } from '#core/errors.ts';
import { boundedRequests } from '../bounded-requests.ts';

/** A Secrets Manager client that gives up on a dead socket. */
export function secretsClient(): SecretsManagerClient {
  return new SecretsManagerClient(boundedRequests());
}

/** One secret. Its value is never part of an error. */
export interface Secret {
  /** Reads the secret, unless it is known. Throws when it cannot be read; the next call tries again. */
  read(): Promise<string>;
  /** The value, for whoever may not wait for it. Throws a contract error before the first good read. */
  known(): string;
  /** Makes the next read ask again: the value was refused, so it may have been replaced. */
  forget(): void;
}

/** A secret by name that is asked for until it was read once. */
export function rememberedSecret(client: SecretsManagerClient, name: string): Secret {
  let value: string | null = null;
  return {
    async read() {
      value ??= await read(client, name);
      return value;
    },
    known() {
      if (value === null) throw contractError(`secret ${name} has not been read yet`);
      return value;
    },
    forget() {
      value = null;
    },
  };
}

async function read(client: SecretsManagerClient, name: string): Promise<string> {
  const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: name })).catch((error: Error) => {
    // Only its name: an answer that cannot be parsed is quoted in the message, and the answer is the secret.
    throw new RooneyError('transient', `secret ${name} could not be read (${error.name})`);
  });
  if (!SecretString) throw contractError(`secret ${name} has no text: store its value as text`);
  return SecretString;
}
