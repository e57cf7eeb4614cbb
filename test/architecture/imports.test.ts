import { dirname, join, normalize } from 'node:path/posix';
import { describe, expect, test } from 'vitest';
import { importsOf, projectFiles, type SourceFile } from './source-tree.ts';

/** Who may import whom: folder to the folders (or files) and packages it may see. `*` is every package. */
const allowed: Readonly<Record<string, { readonly sees: readonly string[]; readonly packages: readonly string[] }>> = {
  core: { sees: ['core/'], packages: ['zod', 'zod/mini'] },
  strategies: { sees: ['core/', 'strategies/'], packages: ['zod'] },
  adapters: { sees: ['core/', 'adapters/'], packages: ['*'] },
  config: { sees: ['core/', 'strategies/', 'config/'], packages: ['node:fs', 'node:crypto', 'yaml', 'zod'] },
  functions: { sees: ['core/', 'strategies/', 'adapters/', 'config/', 'functions/'], packages: ['*'] },
  'ingest-service': {
    sees: ['core/', 'strategies/', 'adapters/', 'config/', 'ingest-service/', 'functions/env.ts'],
    packages: ['*'],
  },
  backtest: { sees: ['core/', 'strategies/', 'adapters/', 'config/', 'backtest/'], packages: ['*'] },
  infra: {
    sees: [
      'config/',
      'infra/',
      'core/',
      'strategies/registry.ts',
      'functions/env.ts',
      'ingest-service/env.ts',
      /* any env.ts */ 'functions/*/env.ts',
    ],
    packages: ['*'],
  },
  local: {
    sees: ['core/', 'strategies/', 'adapters/', 'config/', 'infra/', 'functions/', 'ingest-service/', 'local/'],
    packages: ['*'],
  },
  cli: { sees: ['*'], packages: ['*'] },
  // The Databento library stands alone; only the port implementations beside its folders know core.
  'adapters/databento/errors.ts': { sees: [], packages: [] },
  'adapters/databento/dbn/': { sees: databento('dbn/'), packages: ['*'] },
  'adapters/databento/protocol/': { sees: databento('dbn/', 'protocol/'), packages: ['*'] },
  'adapters/databento/live/': { sees: databento('dbn/', 'protocol/', 'live/'), packages: ['*'] },
  'adapters/databento/historical/': { sees: databento('dbn/', 'protocol/', 'historical/'), packages: ['*'] },
  'adapters/databento/gateway/': { sees: databento('dbn/', 'protocol/', 'historical/', 'gateway/'), packages: ['*'] },
};

function databento(...parts: string[]): readonly string[] {
  return ['errors.ts', ...parts].map((part) => `adapters/databento/${part}`);
}

/** The rule of a file: that of the library it belongs to, else that of its layer. */
function ruleOf(path: string) {
  const library = Object.keys(allowed).find((key) => key.includes('/') && matches(path, key));
  return allowed[library ?? path.split('/')[0] ?? ''];
}

/** Packages that only one layer may use. */
const reserved = [
  { package: 'aws-cdk-lib', layers: ['infra'] },
  { package: 'constructs', layers: ['infra'] },
  { package: 'cdk-nag', layers: ['infra'] },
] as const;

function matches(path: string, pattern: string): boolean {
  if (pattern === '*') return true;
  if (pattern.includes('*')) return new RegExp(`^${pattern.replaceAll('*', '[^/]+')}$`).test(path);
  return pattern.endsWith('/') ? path.startsWith(pattern) : path === pattern;
}

/** What a file imports against the rule, in words; empty when it keeps it. */
function importViolations({ path, text }: SourceFile): string[] {
  const layer = path.split('/')[0] ?? '';
  const rule = ruleOf(path);
  if (rule === undefined) return [];
  return importsOf(text).flatMap((specifier) => {
    const target = specifier.startsWith('#')
      ? specifier.slice(1)
      : specifier.startsWith('.')
        ? normalize(join(dirname(path), specifier))
        : null;
    if (target !== null) {
      return rule.sees.some((pattern) => matches(target, pattern))
        ? []
        : [`${path} imports ${target}: ${layer} may see ${rule.sees.join(' ')} only`];
    }
    const held = reserved.find((one) => specifier === one.package || specifier.startsWith(`${one.package}/`));
    if (held !== undefined && !(held.layers as readonly string[]).includes(layer)) {
      return [`${path} imports ${specifier}: only ${held.layers.join(', ')} may`];
    }
    return rule.packages.includes('*') || rule.packages.includes(specifier)
      ? []
      : [`${path} imports ${specifier}: ${layer} may use ${rule.packages.join(' ')} only`];
  });
}

describe('the import rule', () => {
  const files = projectFiles('*.ts');

  test('holds in every file', () => {
    expect(files.length).toBeGreaterThan(50);
    expect(files.flatMap(importViolations)).toEqual([]);
  });

  test('leaves no layer out', () => {
    const layers = new Set(files.filter(({ path }) => path.includes('/')).map(({ path }) => path.split('/')[0]));
    for (const layer of layers)
      expect([...Object.keys(allowed), 'test', 'bench', 'training', 'models']).toContain(layer);
  });

  test.each([
    ['strategies/x.ts', "import { a } from '#adapters/memory/ledger.ts';"],
    ['strategies/x.ts', "import { a } from '../adapters/memory/ledger.ts';"],
    ['core/x.ts', "import { a } from '#strategies/ibs.ts';"],
    ['core/x.ts', "import { createHash } from 'node:crypto';"],
    ['core/x.ts', "const a = await import('node:fs');"],
    ['adapters/x.ts', "import { a } from '#functions/strategy/create.ts';"],
    ['functions/x.ts', "import { a } from '#local/supervisor.ts';"],
    ['infra/x.ts', "import { a } from '#functions/strategy/create.ts';"],
    ['infra/x.ts', "export { a } from '#adapters/dynamodb/client.ts';"],
    ['functions/x.ts', "import { Stack } from 'aws-cdk-lib';"],
    ['adapters/databento/dbn/x.ts', "import { contractError } from '#core/errors.ts';"],
    ['adapters/databento/dbn/x.ts', "import { a } from '../live/client.ts';"],
    ['adapters/databento/live/x.ts', "import { a } from '../../files/bar-file.ts';"],
  ])('refuses %s with %s', (path, text) => {
    expect(importViolations({ path, text })).toHaveLength(1);
  });

  test.each([
    ['infra/x.ts', "import { a } from '#functions/strategy/env.ts';"],
    ['core/market/x.ts', "import type { A } from '../strategy/veto.ts';"],
    ['core/x.ts', "// import { a } from '#adapters/x.ts';"],
    ['local/x.ts', "import { a } from '#infra/template.ts';"],
    ['adapters/databento/live/x.ts', "import { a } from '../dbn/decoder.ts';"],
    ['adapters/databento/feed.ts', "import type { BarFeed } from '#core/ports.ts';"],
  ])('allows %s with %s', (path, text) => {
    expect(importViolations({ path, text })).toEqual([]);
  });
});
