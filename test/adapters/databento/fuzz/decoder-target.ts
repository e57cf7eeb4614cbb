import { DbnDecoder } from '#adapters/databento/dbn/decoder.ts';
import { layouts } from '#adapters/databento/dbn/layouts.ts';
import type { AnyView } from '#adapters/databento/dbn/record.ts';
import { DatabentoError } from '#adapters/databento/errors.ts';
import type { Random } from '#adapters/databento/gateway/random.ts';
import { madeInputs, sampleInputs } from './made-inputs.ts';
import { cut, INPUT_BYTES_MAX, type Structure } from './mutations.ts';
import { objectFault, upgradeFault } from './record-faults.ts';
import { type FragmentTerms, type ReferenceWalk, referenceWalk } from './reference-walk.ts';
import { commonBytes, type FuzzInput, type FuzzTarget, shapeOf, type Verdict } from './target.ts';

interface DecoderTerms {
  readonly fragment: FragmentTerms;
  readonly upgrade: boolean;
  /** Whether each record is made an object and written again, which takes long. */
  readonly isThorough: boolean;
}

/** One in so many inputs is read thoroughly. */
const THOROUGH_EVERY = 8;

/** What a decoder did with an input. */
interface Reading {
  given: number;
  unknown: number;
  fault: string | null;
  layouts: string;
  error: unknown;
}

/** The decoder, on bytes in chunks, held to the reference walk. */
export const decoderTarget: FuzzTarget = {
  name: 'decoder',
  seeds: () =>
    [...madeInputs(), ...sampleInputs()].map(({ bytes, fragment }) => ({
      bytes: bytes.slice(0, INPUT_BYTES_MAX),
      cuts: [INPUT_BYTES_MAX],
      terms: { fragment, upgrade: true, isThorough: true } satisfies DecoderTerms,
    })),

  structureOf({ bytes, terms }): Structure {
    const { headerBytes, records } = referenceWalk(bytes, (terms as DecoderTerms).fragment);
    return { headerBytes, parts: records.map(({ at }) => at) };
  },

  termsOf({ terms }, random: Random): DecoderTerms {
    const upgrade = random.below(4) !== 0;
    return { ...(terms as DecoderTerms), upgrade, isThorough: random.below(THOROUGH_EVERY) === 0 };
  },

  check(input, parent): Verdict {
    const terms = input.terms as DecoderTerms;
    const expected = referenceWalk(input.bytes, terms.fragment);
    const decoder = new DbnDecoder({ upgrade: terms.upgrade, fragment: terms.fragment as boolean });
    const reading = read(decoder, input, expected);
    const { error } = reading;
    const violation =
      reading.fault ??
      (error === null ? faultOfEnd(reading, expected) : faultOfError(decoder, reading, expected)) ??
      faultOfState(decoder, reading) ??
      (parent === null ? null : faultOfPrefix(input, parent, reading));
    const way = error instanceof DatabentoError ? `${error.code} ${shapeOf(error.message)}` : 'read';
    return { violation, way: `${way} ${reading.layouts}` };
  },
};

function read(decoder: DbnDecoder, { bytes, cuts, terms }: FuzzInput, expected: ReferenceWalk): Reading {
  const { isThorough, upgrade } = terms as DecoderTerms;
  const reading: Reading = { given: 0, unknown: 0, fault: null, layouts: '', error: null };
  const onRecord = (view: AnyView): void => {
    const index = reading.given++;
    if (view.layout === 'unknown') reading.unknown += 1;
    reading.fault ??= faultOfRecord({ view, index, bytes, expected, upgrade, isThorough });
    if (decoder.index !== index) reading.fault ??= `index is ${decoder.index} at record ${index}`;
    if (decoder.byteOffset !== expected.records[index]?.at) {
      reading.fault ??= `byteOffset is ${decoder.byteOffset} at record ${index}`;
    }
    if (index === 0) reading.layouts = view.layout;
  };
  try {
    for (const chunk of cut(bytes, cuts)) {
      decoder.feed(chunk, onRecord);
      // The chunk is the caller's again.
      chunk.fill(0xa5);
    }
    decoder.end();
  } catch (error) {
    reading.error = error;
  }
  return reading;
}

function faultOfRecord(given: {
  readonly view: AnyView;
  readonly index: number;
  readonly bytes: Uint8Array;
  readonly expected: ReferenceWalk;
  readonly upgrade: boolean;
  readonly isThorough: boolean;
}): string | null {
  const { view, index, bytes, expected, upgrade, isThorough } = given;
  const record = expected.records[index];
  if (record === undefined) return `record ${index} is not in the bytes`;
  const stored = bytes.subarray(record.at, record.at + record.length);
  const layoutBytes = view.layout === 'unknown' ? 0 : layouts[view.layout].size;
  const cursor = new DataView(stored.buffer, stored.byteOffset, stored.length);
  if (view.rtype !== stored[1] || view.instrument_id !== cursor.getUint32(4, true)) return `record ${index}: header`;
  if (view.ts_event !== cursor.getBigUint64(8, true)) return `record ${index}: ts_event`;
  if (expected.hasTsOut && view.ts_out !== cursor.getBigUint64(record.length - 8, true))
    return `record ${index}: ts_out`;
  if (!expected.hasTsOut && view.ts_out !== undefined) return `record ${index}: a ts_out that is none`;
  if (layoutBytes === record.layoutBytes && Buffer.compare(view.bytes(), stored) === 0) {
    return isThorough ? objectFault(view, record.layoutBytes === 0 ? stored : null) : null;
  }
  if (!upgrade) return `record ${index} of ${record.layoutBytes} bytes is given as ${view.layout}, or with other bytes`;
  return upgradeFault(view, { stored, version: expected.version, layoutBytes: record.layoutBytes });
}

function faultOfEnd({ given }: Reading, { ending, records }: ReferenceWalk): string | null {
  if (ending !== 'end') return `ends without an error where the bytes say: ${ending}`;
  return given === records.length ? null : `gives ${given} of ${records.length} records and no error`;
}

function faultOfError(decoder: DbnDecoder, { error, given }: Reading, expected: ReferenceWalk): string | null {
  if (!(error instanceof DatabentoError)) return `throws ${String(error)}`;
  const { code, byteOffset } = error;
  if (byteOffset === undefined) return `${code} without a byte offset`;
  const { ending, endAt, headerBytes, records } = expected;
  if (decoder.metadata === null && given === 0 && ending !== 'cut' && ending !== 'short') {
    const codes = { 'no-dbn': 'not-dbn', newer: 'newer-version', 'bad-header': 'corrupt', 'cut-header': 'truncated' };
    const wanted = (codes as Record<string, string>)[ending] ?? 'corrupt';
    // A length above the limit is corrupt although the bytes are cut off, too.
    if (code !== wanted && !(ending === 'cut-header' && code === 'corrupt'))
      return `${code} where the bytes say: ${ending}`;
    return byteOffset <= Math.max(headerBytes, 8) ? null : `${code} in the header with the offset ${byteOffset}`;
  }
  if (decoder.metadata === null && given === 0 && headerBytes > 0)
    return code === 'corrupt' ? null : `${code} in a header`;
  if (given !== records.length) return `${code} after ${given} of ${records.length} records`;
  if (code !== (ending === 'cut' ? 'truncated' : 'corrupt') || ending === 'end')
    return `${code} where the bytes say: ${ending}`;
  return byteOffset === endAt ? null : `${code} with the offset ${byteOffset} instead of ${endAt}`;
}

/** What the decoder says of itself afterwards, and whether an error stays. */
function faultOfState(decoder: DbnDecoder, { error, unknown }: Reading): string | null {
  if (decoder.unknownRecords !== unknown)
    return `counts ${decoder.unknownRecords} unknown records instead of ${unknown}`;
  if (error === null) return null;
  try {
    decoder.feed(new Uint8Array(64), () => undefined);
  } catch (again) {
    return again === error ? null : 'throws another error the second time';
  }
  return 'goes on after an error';
}

/** Records wholly before the first mutated byte are given as they were. */
function faultOfPrefix(input: FuzzInput, parent: FuzzInput, { given }: Reading): string | null {
  const common = commonBytes(input.bytes, parent.bytes);
  const before = referenceWalk(parent.bytes, (parent.terms as DecoderTerms).fragment);
  const untouched = before.records.filter(({ at, length }) => at + length <= common).length;
  if (given >= untouched || untouched === 0) return null;
  // A parent whose header was refused gave no records either.
  const again = new DbnDecoder({ fragment: (parent.terms as DecoderTerms).fragment as boolean });
  let parentGiven = 0;
  try {
    again.feed(parent.bytes, () => {
      parentGiven += 1;
    });
  } catch {
    // It is the records that count.
  }
  return parentGiven >= untouched ? `gives ${given} of the ${untouched} records before the mutation` : null;
}
