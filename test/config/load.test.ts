import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { loadConfig, parseConfig } from '#config/load.ts';
import { kindOf } from '#core/errors.ts';

const folder = fileURLToPath(new URL('../../config/', import.meta.url));

function refusal(text: string): Error {
  try {
    parseConfig(text, 'my.yml');
  } catch (error) {
    return error as Error;
  }
  throw new Error('the configuration was taken');
}

describe('the configured environments', () => {
  const files = readdirSync(folder).filter((name) => name.endsWith('.yml'));

  test('are three, each in the file of its name', () => {
    expect(files.map((file) => loadConfig(`${folder}${file}`).environment)).toEqual(['dev', 'paper', 'prod']);
    expect(files).toEqual(['dev.yml', 'paper.yml', 'prod.yml']);
  });

  test('send real orders only where bars are live and proved', () => {
    for (const file of files) {
      const { accounts, ingest, certificate } = loadConfig(`${folder}${file}`);
      const real = accounts.some(({ route }) => route === 'traderspost');
      expect([file, real, ingest.feed, certificate.entryGrade]).toEqual(
        file === 'dev.yml' ? [file, false, 'simulator', 'presumed'] : [file, true, 'databento', 'proved'],
      );
    }
  });
});

describe('a configuration file', () => {
  test('that is wrong gives one contract error that names the file, every place, what is wrong and the remedy', () => {
    const error = refusal('environment: dev\nfills: { slippageTick: 1 }\n');
    expect(kindOf(error)).toBe('contract');
    expect(error.message).toMatch(/^my\.yml: \d+ things are wrong\n/);
    expect(error.message).toContain('\n- market: missing; add it');
    expect(error.message).toContain('\n- strategies: missing; add it');
    expect(error.message).toContain('\n- fills.slippageTick: unknown key; remove it or correct its spelling');
    expect(error.message).toContain('\n- fills.slippageTicks: missing');
  });

  test('with a key twice is refused by line', () => {
    expect(refusal('environment: dev\nalerts: {}\nenvironment: prod\n').message).toMatch(/line 3: .*unique/);
  });

  test('that is not YAML is refused without quoting it, as the line may hold an address', () => {
    const { message } = refusal('accounts:\n  - webhookSecret: "https://example.org/webhook/abc\n  x: [\n');
    expect(message).toMatch(/my\.yml: .*line \d/s);
    expect(message).not.toContain('abc');
  });

  test.each([
    ['a list', '- dev\n', /the file: holds a list; write keys/],
    ['a text', 'dev\n', /the file: holds no more than a text; write keys/],
    ['an alias that names nothing', 'environment: *nothing\n', /the file: .*alias.*nothing; write the values out/],
  ])('that holds %s is refused', (_name, text, wanted) => {
    const error = refusal(text);
    expect(kindOf(error)).toBe('contract');
    expect(error.message).toMatch(wanted);
  });

  test('that is empty or absent is refused', () => {
    expect(refusal('').message).toMatch(/the file: is empty; write keys/);
    expect(() => loadConfig(`${folder}nowhere.yml`)).toThrow(/nowhere\.yml: cannot be read \(ENOENT\)/);
  });
});
