/** What the system may do, mildest first. The stricter of the global and the strategy's own mode wins. */
export const modes = ['RUN', 'REDUCE_ONLY', 'FLATTEN', 'HALT'] as const;
export type Mode = (typeof modes)[number];

/** One look at a mode parameter; `mode` is null when it was missing, malformed or could not be read. */
export interface ModeReading {
  readonly mode: Mode | null;
  /** Last-modified instant of the parameter, milliseconds; 0 when it could not be read. */
  readonly lastModifiedMs: number;
  readonly version: number;
}

/** The newest good reading of one parameter, and whether the latest look succeeded. */
export interface CommittedMode {
  readonly mode: Mode;
  readonly lastModifiedMs: number;
  readonly version: number;
  readonly readable: boolean;
}

/** Both scopes as a strategy last committed them. */
export interface CommittedModes {
  readonly global: CommittedMode;
  readonly own: CommittedMode;
}

/** Both scopes as they were just read. */
export interface ModeReadings {
  readonly global: ModeReading;
  readonly own: ModeReading;
}

/** Before the first good reading nothing may be entered. */
export const unreadMode: CommittedMode = { mode: 'REDUCE_ONLY', lastModifiedMs: 0, version: 0, readable: false };

/** Reads a parameter's text; anything but one of the four words is null. */
export function parseMode(text: unknown): Mode | null {
  return modes.find((mode) => mode === text) ?? null;
}

/** The stricter of two modes. */
export function stricter(a: Mode, b: Mode): Mode {
  return modes.indexOf(a) >= modes.indexOf(b) ? a : b;
}

/** Commits what was read: an older reading than the committed one changes nothing, a failed one only `readable`. */
export function commitReadings(committed: CommittedModes, read: ModeReadings): CommittedModes {
  return { global: commitReading(committed.global, read.global), own: commitReading(committed.own, read.own) };
}

function commitReading(committed: CommittedMode, read: ModeReading): CommittedMode {
  if (read.mode === null) return { ...committed, readable: false };
  const older =
    read.lastModifiedMs < committed.lastModifiedMs ||
    (read.lastModifiedMs === committed.lastModifiedMs && read.version < committed.version);
  if (older) return { ...committed, readable: true };
  return { mode: read.mode, lastModifiedMs: read.lastModifiedMs, version: read.version, readable: true };
}

/** The mode that one scope imposes: while it cannot be read, the stricter of the committed mode and REDUCE_ONLY. */
export function effectiveMode({ mode, readable }: CommittedMode): Mode {
  return readable ? mode : stricter(mode, 'REDUCE_ONLY');
}

/** The mode in force for a strategy. */
export function modeInForce({ global, own }: CommittedModes): Mode {
  return stricter(effectiveMode(global), effectiveMode(own));
}
