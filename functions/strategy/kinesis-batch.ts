import * as z from 'zod/mini';
import { contractError } from '#core/errors.ts';

const eventSchema = z.object({
  Records: z.array(z.object({ kinesis: z.object({ sequenceNumber: z.string(), data: z.string() }) })),
});

/** Records of one Kinesis invocation, oldest first. */
export type KinesisBatch = readonly { readonly sequenceNumber: string; readonly text: string }[];

/** What Lambda is told: the record from which the rest of the batch is delivered again, or none. */
export interface BatchResponse {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

/** Reads a Kinesis event. Throws a contract error for anything else. */
export function kinesisBatch(event: unknown): KinesisBatch {
  const read = z.safeParse(eventSchema, event);
  if (!read.success) throw contractError(`expected a Kinesis event: ${z.prettifyError(read.error)}`);
  return read.data.Records.map(({ kinesis }) => ({
    sequenceNumber: kinesis.sequenceNumber,
    text: Buffer.from(kinesis.data, 'base64').toString('utf8'),
  }));
}
