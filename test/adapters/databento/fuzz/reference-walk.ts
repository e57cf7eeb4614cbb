/**
 * What DBN bytes hold, read in the plainest way and from the specification alone: no code or table of the decoder's.
 * The fuzzer holds the decoder to it.
 */

/** Whether the bytes are records without a header, and what is then known of them. */
export type FragmentTerms =
  | false
  | true
  | { readonly version?: 1 | 2 | 3 | undefined; readonly tsOut?: boolean | undefined };

export interface ReferenceRecord {
  readonly at: number;
  /** Bytes of it, `ts_out` included. */
  readonly length: number;
  /** Bytes of the layout that it has by its type, its stream's version and its length; 0 when that is not known. */
  readonly layoutBytes: number;
}

export interface ReferenceWalk {
  readonly version: number | null;
  readonly hasTsOut: boolean;
  /** 0 for a fragment. */
  readonly headerBytes: number;
  readonly records: readonly ReferenceRecord[];
  /**
   * `end`: of the last record. `no-dbn`, `newer`, `bad-header`: the first bytes say so. `cut-header`, `cut`: the input
   * ends inside the header or the record at `endAt`. `short`: the record at `endAt` says it has less than every record.
   */
  readonly ending: 'end' | 'no-dbn' | 'newer' | 'bad-header' | 'cut-header' | 'cut' | 'short';
  readonly endAt: number;
}

/** Sizes of each record type in versions 1, 2 and 3. */
const sizes: Readonly<Record<number, readonly number[]>> = {
  0: [48, 48, 48],
  1: [80, 80, 80],
  10: [368, 368, 368],
  17: [56, 56, 56],
  18: [40, 40, 40],
  19: [360, 400, 520],
  20: [112, 112, 112],
  21: [80, 320, 320],
  22: [80, 176, 176],
  23: [80, 320, 320],
  24: [64, 64, 80],
  32: [56, 56, 56],
  33: [56, 56, 56],
  34: [56, 56, 56],
  35: [56, 56, 56],
  36: [56, 56, 56],
  160: [56, 56, 56],
  177: [80, 80, 80],
  192: [80, 80, 80],
  193: [80, 80, 80],
  194: [80, 80, 80],
  195: [80, 80, 80],
  196: [80, 80, 80],
};
/** Sizes when the version is not known: the largest that fits counts. */
const anySizes = new Map(
  Object.entries(sizes).map(([rtype, each]) => [Number(rtype), [...new Set(each)].sort((a, b) => b - a)]),
);

/** Walks over an input. */
export function referenceWalk(bytes: Uint8Array, fragment: FragmentTerms = false): ReferenceWalk {
  if (fragment !== false) {
    const terms = fragment === true ? {} : fragment;
    return walkRecords(bytes, 0, { version: terms.version ?? null, hasTsOut: terms.tsOut ?? false });
  }
  const none = { version: null, hasTsOut: false, headerBytes: 0, records: [], endAt: 0 };
  if ([...bytes.subarray(0, 3)].some((byte, index) => byte !== 'DBN'.charCodeAt(index))) {
    return { ...none, ending: 'no-dbn' };
  }
  if (bytes.length < 8) return { ...none, ending: 'cut-header' };
  const version = bytes[3]!;
  const length = bytes[4]! + bytes[5]! * 2 ** 8 + bytes[6]! * 2 ** 16 + bytes[7]! * 2 ** 24;
  if (version > 3) return { ...none, ending: 'newer' };
  if (version === 0 || length < 100) return { ...none, ending: 'bad-header' };
  if (8 + length > bytes.length) return { ...none, ending: 'cut-header' };
  return walkRecords(bytes, 8 + length, { version, hasTsOut: bytes[8 + (version === 1 ? 52 : 44)] !== 0 });
}

function walkRecords(
  bytes: Uint8Array,
  headerBytes: number,
  terms: { readonly version: number | null; readonly hasTsOut: boolean },
): ReferenceWalk {
  const records: ReferenceRecord[] = [];
  const tsOutBytes = terms.hasTsOut ? 8 : 0;
  let at = headerBytes;
  let ending: ReferenceWalk['ending'] = 'end';
  while (at < bytes.length && ending === 'end') {
    const length = bytes[at]! * 4;
    if (length < 16 + tsOutBytes) ending = 'short';
    else if (at + length > bytes.length) ending = 'cut';
    else {
      records.push({ at, length, layoutBytes: layoutBytes(bytes[at + 1]!, length - tsOutBytes, terms.version) });
      at += length;
    }
  }
  return { ...terms, headerBytes, records, ending, endAt: at };
}

function layoutBytes(rtype: number, bodyBytes: number, version: number | null): number {
  const size = version === null ? anySizes.get(rtype)?.find((each) => each <= bodyBytes) : sizes[rtype]?.[version - 1];
  return size !== undefined && size <= bodyBytes ? size : 0;
}
