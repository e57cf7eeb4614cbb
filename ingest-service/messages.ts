/** What the ingest service tells a supervisor that started it as a child. */
export type IngestMessage =
  /** History is stored. What closes after `historyEndMs`, UTC, is announced. */
  | { readonly type: 'ready'; readonly historyEndMs: number }
  /** One slice is on the stream. */
  | {
      readonly type: 'announced';
      readonly closeTimeMs: number;
      /** Kinesis sequence number of its record. */
      readonly sequence: string;
      readonly gap: boolean;
      /** Bars in it, of every timeframe. */
      readonly bars: number;
      /** Wall time at which its put to the stream was begun, UTC milliseconds. */
      readonly wallMs: number;
    }
  /** The source has nothing more to say. `bars` are the minute bars taken, `setAside` those of them not used. */
  | {
      readonly type: 'done';
      readonly slices: number;
      readonly bars: number;
      readonly gaps: number;
      readonly setAside: number;
    }
  /** The service ends with exit code 1. */
  | { readonly type: 'failed'; readonly message: string };

/** What a supervisor tells the ingest service. */
export type SupervisorMessage =
  /** At stepped pace: announce one more slice. */
  | { readonly type: 'advance' }
  /** The gateway has sent everything that it has, up to `closeTimeMs`, and closed the session. A real one never does. */
  | { readonly type: 'last'; readonly closeTimeMs: number };
