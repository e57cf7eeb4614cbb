import { createReadStream } from 'node:fs';
import { text } from 'node:stream/consumers';
import { jsonOf } from '#adapters/databento/dbn/json.ts';
import type { DbnVersion } from '#adapters/databento/dbn/layouts.ts';
import { openDbn } from '#adapters/databento/dbn/stream.ts';
import { DatabentoError } from '#adapters/databento/errors.ts';

/** One file to decode; a fragment has no metadata and is of the given version. */
interface Job {
  readonly path: string;
  readonly upgrade: boolean;
  readonly fragment: DbnVersion | null;
}

/**
 * Decodes the files of the JSON list on the standard input, and writes for each one line of JSON with its metadata and
 * records; `error` is the code of what ended the reading, if something did.
 */
async function decodeFile({ path, upgrade, fragment }: Job): Promise<string> {
  const records: string[] = [];
  let metadata: unknown = null;
  let error: string | null = null;
  try {
    const options = { upgrade, fragment: fragment === null ? false : { version: fragment } };
    const stream = await openDbn(createReadStream(path), options);
    metadata = stream.metadata;
    await stream.forEach((view) => {
      records.push(jsonOf(view));
    });
  } catch (thrown) {
    if (!(thrown instanceof DatabentoError)) throw thrown;
    error = thrown.code;
  }
  const header = JSON.stringify({ metadata, error }, (_, value: unknown) =>
    typeof value === 'bigint' ? `${value}` : value,
  );
  return `${header.slice(0, -1)},"records":[${records.join(',')}]}\n`;
}

for (const job of JSON.parse(await text(process.stdin)) as Job[]) process.stdout.write(await decodeFile(job));
