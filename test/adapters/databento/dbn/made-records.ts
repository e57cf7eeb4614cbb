import fc from 'fast-check';
import { DbnDecoder } from '#adapters/databento/dbn/decoder.ts';
import { rtypes } from '#adapters/databento/dbn/enums.ts';
import { TS_OUT_BYTES, WORD_BYTES } from '#adapters/databento/dbn/field.ts';
import { type DbnVersion, layoutOf } from '#adapters/databento/dbn/layouts.ts';
import type { AnyView } from '#adapters/databento/dbn/record.ts';

/** The bytes of one record, and how they are to be read. */
export interface MadeRecord {
  readonly version: DbnVersion;
  readonly tsOut: boolean;
  readonly bytes: Uint8Array;
}

/** Records of every type and version with any bytes in their fields; some of no known type. */
export const anyRecord: fc.Arbitrary<MadeRecord> = fc
  .record({
    version: fc.constantFrom<DbnVersion[]>(1, 2, 3),
    tsOut: fc.boolean(),
    rtype: fc.constantFrom(...Object.values(rtypes), 0xee),
  })
  .chain(({ version, tsOut, rtype }) => {
    const size = (layoutOf(rtype, version)?.size ?? 24) + (tsOut ? TS_OUT_BYTES : 0);
    return fc.uint8Array({ minLength: size, maxLength: size }).map((bytes) => {
      bytes[0] = size / WORD_BYTES;
      bytes[1] = rtype;
      return { version, tsOut, bytes };
    });
  });

/** What `read` makes of a record. */
export function readRecord<T>({ version, tsOut, bytes }: MadeRecord, read: (view: AnyView) => T): T {
  const decoder = new DbnDecoder({ upgrade: false, fragment: { version, tsOut } });
  const results: T[] = [];
  decoder.feed(bytes, (view) => results.push(read(view)));
  return results[0]!;
}
