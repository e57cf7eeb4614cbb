import { createHash } from 'node:crypto';

/** Last characters of a key that are not secret; the gateway finds the key by them. */
export const BUCKET_CHARACTERS = 5;

/** The answer to the gateway's challenge: it proves that we have the key without sending it. */
export function cramReply(challenge: string, key: string): string {
  const digest = createHash('sha256').update(`${challenge}|${key}`).digest('hex');
  return `${digest}-${key.slice(-BUCKET_CHARACTERS)}`;
}
