import type { ServerResponse } from 'node:http';
import type { ActiveFault } from './misbehaviour.ts';
import { type Judgement, refusal } from './webhook.ts';

/** What goes over the wire; null when the connection is cut instead. */
export type Answer = { readonly status: number; readonly type: string; readonly body: string } | null;

/** The answer to a request: the documented one, or what the misbehaviour makes of it. No judgement: it was not read. */
export function answerOf(judgement: Judgement | null, fault: ActiveFault | null): Answer {
  switch (fault?.kind) {
    case 'server-error':
      return {
        status: 500,
        type: 'text/html',
        body: '<!doctype html><title>500</title><h1>Internal Server Error</h1>',
      };
    case 'redirect':
      return { status: 302, type: 'text/html', body: '' };
    case 'success-false':
      return json(200, { success: false });
    case 'malformed-json':
      return { status: 200, type: 'application/json', body: '{"success":true,"id":' };
    case 'hang-up':
      return null;
    default: {
      const { status, reply } = judgement ?? refusal('too-many-requests', 'Too many requests.');
      return json(status, reply);
    }
  }
}

/** An answer of JSON. */
export function json(status: number, body: unknown): Answer {
  return { status, type: 'application/json', body: JSON.stringify(body) };
}

/** Writes an answer, or cuts the connection without one. */
export function send(response: ServerResponse, answer: Answer): void {
  if (answer === null) {
    response.destroy();
    return;
  }
  const location = answer.status === 302 ? { location: '/elsewhere' } : {};
  response.writeHead(answer.status, { 'content-type': answer.type, ...location }).end(answer.body);
}
