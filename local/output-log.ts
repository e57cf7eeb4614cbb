import { createWriteStream, mkdirSync } from 'node:fs';
import { join } from 'node:path';

const RECENT_LINES_MAX = 200;

/** What one function or child printed: all of it in a file, the last lines in memory. */
export interface OutputLog {
  readonly path: string;
  /** Takes a piece of output that need not end with a line. */
  write(text: string): void;
  /** The last lines, oldest first. */
  recent(): readonly string[];
  /** Writes what is left and closes the file. */
  close(): Promise<void>;
}

/** Where lines go besides the file, and what happens when the file cannot be written. */
export interface OutputLogSinks {
  readonly onLine: (line: string) => void;
  readonly onError: (error: Error) => void;
}

/** Opens `<folder>/<name>.log`, empty, creating the folder. Throws when the folder cannot be written. */
export function openOutputLog(folder: string, name: string, sinks: OutputLogSinks): OutputLog {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${name}.log`);
  const file = createWriteStream(path);
  file.on('error', sinks.onError);
  const lines: string[] = [];
  let unfinished = '';
  return {
    path,
    write(text) {
      file.write(text);
      const pieces = (unfinished + text).split('\n');
      unfinished = pieces.pop() ?? '';
      for (const line of pieces) {
        sinks.onLine(line);
        lines.push(line);
        if (lines.length > RECENT_LINES_MAX) lines.shift();
      }
    },
    recent: () => lines,
    close: () => new Promise((resolve) => file.end(resolve)),
  };
}
