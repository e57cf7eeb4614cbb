import { readFileSync } from 'node:fs';
import { LineCounter, parseDocument, type Document as YamlDocument } from 'yaml';
import { contractError, kindOf } from '#core/errors.ts';
import { checkConfig } from './check.ts';
import type { Problem } from './problem.ts';
import type { Config } from './schema.ts';

/** Reads and checks a configuration file. Throws one contract error that lists everything that is wrong with it. */
export function loadConfig(path: string): Config {
  return parseConfig(readText(path), path);
}

/** Checks the text of a configuration file; `path` is only named in the error. */
export function parseConfig(text: string, path: string): Config {
  const lines = new LineCounter();
  // The parser's own pretty errors quote the line they are about, and a line may hold what must not be shown.
  const document = parseDocument(text, { uniqueKeys: true, prettyErrors: false, lineCounter: lines });
  const faults = [...document.errors, ...document.warnings].map(({ message, pos }) => ({
    path: `line ${lines.linePos(pos[0]).line}`,
    wrong: message,
    remedy: 'correct the YAML',
  }));
  if (faults.length > 0) throw refused(path, faults);
  const { config, problems } = checkConfig(plainValueOf(document, path));
  if (config === null) throw refused(path, problems);
  return config;
}

/** The document as plain values; an alias that names nothing, or far too much, is only found here. */
function plainValueOf(document: YamlDocument, path: string): unknown {
  try {
    return document.toJS();
  } catch (error) {
    const wrong = (error as Error).message;
    throw refused(path, [{ path: '', wrong, remedy: 'write the values out instead of using aliases' }]);
  }
}

function refused(path: string, problems: readonly Problem[]): Error {
  const list = problems.map(({ path: place, wrong, remedy }) => `\n- ${place || 'the file'}: ${wrong}; ${remedy}`);
  const things = problems.length === 1 ? 'one thing is' : `${problems.length} things are`;
  return contractError(`${path}: ${things} wrong${list.join('')}`);
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw contractError(`${path}: cannot be read (${code ?? kindOf(error)}); name a file such as config/dev.yml`, {
      cause: error,
    });
  }
}
