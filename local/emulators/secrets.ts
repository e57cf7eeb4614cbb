import { createHash } from 'node:crypto';
import { AwsError, type AwsJsonServer, serveAwsJson } from './aws-json.ts';

/** Stand-in for Secrets Manager: values that the supervisor put there, by name. */
export interface SecretsStandIn extends AwsJsonServer {
  put(name: string, value: string): void;
}

/** Starts the Secrets Manager stand-in: `GetSecretValue` by name or ARN, current version only. */
export async function startSecrets(clock: () => number): Promise<SecretsStandIn> {
  const secrets = new Map<string, { value: string; createdMs: number }>();
  const server = await serveAwsJson({
    GetSecretValue({ SecretId, VersionStage }) {
      const id = String(SecretId);
      const name = id.startsWith('arn:')
        ? id
            .split(':')
            .slice(6)
            .join(':')
            .replace(/-[A-Za-z0-9]{6}$/, '')
        : id;
      const secret = secrets.get(name);
      if (!secret || (VersionStage !== undefined && VersionStage !== 'AWSCURRENT')) {
        throw new AwsError('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
      }
      return {
        ARN: `arn:aws:secretsmanager:us-east-1:000000000000:secret:${name}-local0`,
        Name: name,
        SecretString: secret.value,
        VersionId: createHash('md5').update(secret.value).digest('hex'),
        VersionStages: ['AWSCURRENT'],
        CreatedDate: secret.createdMs / 1000,
      };
    },
  });
  return {
    ...server,
    put(name, value) {
      secrets.set(name, { value, createdMs: clock() });
    },
  };
}
