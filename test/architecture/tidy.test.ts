import { describe, expect, test } from 'vitest';
import { projectFiles, type SourceFile, withoutComments } from './source-tree.ts';

interface TidyRule {
  /** Says what is banned and what to use instead. */
  readonly message: string;
  readonly applies: (path: string) => boolean;
  readonly breaks: (file: SourceFile) => boolean;
}

const isCode = (path: string) => /\.(ts|mjs|cjs)$/.test(path);
const isPure = (path: string) => /^(core|strategies)\/.*\.ts$/.test(path);
const isTest = (path: string) => /^test\/(?!architecture\/).*\.ts$/.test(path);
const finds = (pattern: RegExp) => (file: SourceFile) => pattern.test(withoutComments(file.text));
const everywhere = () => true;

const rules: readonly TidyRule[] = [
  {
    message: 'the wall clock is banned in core and strategies, use the slice and its receipt time',
    applies: isPure,
    breaks: finds(/\bDate\.now\b|\bnew Date\(\s*\)|\bperformance\b|\bsetTimeout\b|\bsetInterval\b|\bprocess\.hrtime\b/),
  },
  {
    message: 'dice are banned in core and strategies, take ids and randomness as values',
    applies: isPure,
    breaks: finds(/\bMath\.random\b|\brandomUUID\b|\bgetRandomValues\b/),
  },
  {
    message: 'the environment is banned in core and strategies, take what is needed as a value',
    applies: isPure,
    breaks: finds(/\bprocess\.env\b|\bglobalThis\b|\bfetch\(/),
  },
  {
    message: 'names that say nothing are banned for folders and files, use the noun of what is inside',
    applies: everywhere,
    breaks: ({ path }) =>
      /(^|\/)(shared|commons?|lib|libs|utils?|helpers?|misc|types|interfaces|services)(\/|\.[a-z]+$)/.test(path),
  },
  {
    message: 'barrel files are banned, import from the file that defines the thing',
    applies: isCode,
    breaks: ({ path }) => /(^|\/)index\.(ts|mjs)$/.test(path),
  },
  {
    message: 'default exports are banned where no tool requires them',
    applies: (path) => isCode(path) && path !== 'vitest.config.ts',
    breaks: finds(/^export default\b/m),
  },
  {
    message: 'skipped, focused or empty tests are banned, finish or delete them',
    applies: isTest,
    breaks: finds(/\b(?:test|it|describe)\.(?:only|todo|fails)\b|\b(?:test|it|describe)\.skip\(/),
  },
  {
    message: 'unfinished work is banned, build it or leave it out',
    applies: (path) => isCode(path) && !path.startsWith('test/architecture/'),
    breaks: ({ text }) => /\b(TODO|FIXME|XXX|HACK)\b/.test(text),
  },
  {
    message: 'machine paths are banned in tracked files',
    applies: (path) => !/\.(onnx|png|zst|dbn)$/.test(path) && !path.startsWith('test/architecture/'),
    breaks: ({ text }) => /(["'`\s=(])\/(work|root|home\/[a-z]+)\/[a-z]/.test(text),
  },
  {
    message: 'download addresses are banned in the lockfile',
    applies: (path) => path === 'package-lock.json',
    breaks: ({ text }) => /"resolved": "http/.test(text),
  },
  {
    message: 'version ranges are banned, pin the exact version',
    applies: (path) => path === 'package.json',
    breaks: ({ text }) => {
      const { dependencies, devDependencies, optionalDependencies } = JSON.parse(text);
      const versions = Object.values<string>({ ...dependencies, ...devDependencies, ...optionalDependencies });
      return versions.some((version) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version));
    },
  },
];

function tidyViolations(file: SourceFile): string[] {
  return rules
    .filter((rule) => rule.applies(file.path) && rule.breaks(file))
    .map((rule) => `${file.path}: ${rule.message}`);
}

describe('the house is tidy', () => {
  const files = projectFiles();

  test('in every file', () => {
    expect(files.flatMap(tidyViolations)).toEqual([]);
  });

  test('and large files are listed, as a question: what is the second idea in here?', () => {
    const large = files
      .filter(({ path }) => isCode(path))
      .map(({ path, text }) => ({ path, lines: text.split('\n').length - 1 }))
      .filter(({ lines }) => lines > 300);
    for (const { path, lines } of large) console.warn(`${path} has ${lines} lines`);
    // A hard stop well above the question, so that no file grows without anybody asking.
    expect(large.filter(({ lines }) => lines > 600)).toEqual([]);
  });

  test.each([
    ['core/x.ts', 'const t = Date.now();'],
    ['strategies/x.ts', 'const t = new Date();'],
    ['core/x.ts', 'const r = Math.random();'],
    ['core/x.ts', "const e = process.env['A'];"],
    ['core/utils/x.ts', ''],
    ['adapters/helpers.ts', ''],
    ['core/index.ts', ''],
    ['core/x.ts', 'export default 1;'],
    ['test/x.test.ts', "test.only('a', () => {});"],
    ['adapters/x.ts', '// TODO later'],
    ['adapters/x.ts', "const p = '/work/main/x';"],
    ['package-lock.json', '"resolved": "https://example.com/a.tgz"'],
    ['package.json', '{"dependencies": {"a": "^1.0.0"}}'],
  ])('refuses %s with %s', (path, text) => {
    expect(tidyViolations({ path, text })).toHaveLength(1);
  });

  test.each([
    ['core/x.ts', '// Date.now is not used here'],
    ['core/x.ts', 'const t = new Date(timeMs);'],
    ['adapters/x.ts', 'const t = Date.now();'],
    ['core/market/common-stock.ts', ''],
  ])('allows %s with %s', (path, text) => {
    expect(tidyViolations({ path, text })).toEqual([]);
  });
});
