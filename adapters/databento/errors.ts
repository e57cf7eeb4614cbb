/** What went wrong, for programs; the message says it to people. */
export type DatabentoErrorCode =
  /** The bytes are neither DBN nor zstd. */
  | 'not-dbn'
  /** The format before DBN, which is not read. */
  | 'legacy-dbz'
  /** DBN of a version after those known here. */
  | 'newer-version'
  /** The input ends inside its header or inside a record. */
  | 'truncated'
  /** The bytes contradict the format. */
  | 'corrupt'
  /** A value that the asked-for number type or layout cannot hold. */
  | 'range'
  /** Wrong use: a setting, symbol or request that cannot be. */
  | 'usage'
  /** The gateway or the API refused the key. */
  | 'auth'
  /** The other side refused a request. */
  | 'refused'
  /** The other side speaks another protocol than expected. */
  | 'protocol'
  /** The quoted cost is above the limit. */
  | 'cost'
  /** The connection failed, ended or hung; trying again may help. */
  | 'connection';

export interface DatabentoErrorDetails extends ErrorOptions {
  /** Offset in the uncompressed DBN, or in the compressed input when decompression failed. */
  readonly byteOffset?: number;
  /** Id under which the historical API keeps the request. */
  readonly requestId?: string;
  /** HTTP status of the historical API. */
  readonly status?: number;
}

/** Every error that the codec, the clients and the simulator throw on purpose. */
export class DatabentoError extends Error {
  readonly code: DatabentoErrorCode;
  /** `transient` when the same call may succeed later, `contract` when it will not. */
  readonly kind: 'contract' | 'transient';
  readonly byteOffset: number | undefined;
  readonly requestId: string | undefined;
  readonly status: number | undefined;

  constructor(code: DatabentoErrorCode, message: string, details: DatabentoErrorDetails = {}) {
    super(message, { cause: details.cause });
    this.name = 'DatabentoError';
    this.code = code;
    this.kind = code === 'connection' ? 'transient' : 'contract';
    this.byteOffset = details.byteOffset;
    this.requestId = details.requestId;
    this.status = details.status;
  }
}
