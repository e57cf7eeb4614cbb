/** Address of a webhook, taken apart. Both segments of the path are secret: whoever knows them can trade. */
export interface Webhook {
  readonly origin: string;
  readonly path: string;
  /** Removes both secret segments from a text, wherever and however often they appear, and the shape around them. */
  redact(text: string): string;
}

const webhookPath = /^\/trading\/webhook\/([^/]+)\/([^/]+)$/;
const anyWebhook = /(\/trading\/webhook\/|%2Ftrading%2Fwebhook%2F)[^\s"'`<>?#]*/gi;

/** Replaces what follows `/trading/webhook/` in a text, which is the whole secret of a webhook. */
export function redactWebhook(text: string): string {
  return text.replace(anyWebhook, '$1***');
}

/**
 * Reads a webhook URL; null when it is not one. Plain HTTP is only accepted to this machine, where the sandbox lives.
 * Deliberately gives no reason: any would quote the secret.
 */
export function parseWebhook(text: string): Webhook | null {
  const url = URL.parse(text.trim());
  const segments = url === null ? null : webhookPath.exec(url.pathname);
  if (url === null || segments === null || url.username !== '' || url.password !== '') return null;
  const isLocal = ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname);
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLocal)) return null;
  const secrets = segments.slice(1).flatMap((segment) => [segment, ...decoded(segment)]);
  return {
    origin: url.origin,
    path: url.pathname,
    redact: (said) => secrets.reduce((rest, secret) => rest.replaceAll(secret, '***'), redactWebhook(said)),
  };
}

/** A segment without percent signs, when it has any that can be read. */
function decoded(segment: string): string[] {
  try {
    return [decodeURIComponent(segment)];
  } catch {
    return [];
  }
}
