import { copyFileSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cachedTemplate } from '#local/synth-cache.ts';

const rootFolder = process.cwd();
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rooney-cache-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

test('a template is synthesised once, and again only when its configuration changes or the kept one is broken', async () => {
  const configPath = join(folder, 'dev.yml');
  copyFileSync('config/dev.yml', configPath);
  const cacheFolder = join(folder, 'cache');
  const template = (): ReturnType<typeof cachedTemplate> => cachedTemplate(configPath, { rootFolder, cacheFolder });

  const first = await template();
  const types = Object.values(first.Resources).map(({ Type }) => Type);
  expect(types.filter((type) => type === 'AWS::Lambda::EventSourceMapping')).toHaveLength(4);
  const [kept = ''] = readdirSync(cacheFolder);
  writeFileSync(join(cacheFolder, kept), '{"Resources":{"Marked":{"Type":"kept"}}}');
  expect((await template()).Resources).toEqual({ Marked: { Type: 'kept' } });

  writeFileSync(join(cacheFolder, kept), '{"Resources":');
  expect(await template()).toEqual(first);
});

test('a configuration that is refused is refused in its own words', async () => {
  const configPath = join(folder, 'wrong.yml');
  writeFileSync(configPath, 'environment: dev\n');
  const refused = cachedTemplate(configPath, { rootFolder, cacheFolder: join(folder, 'cache') });
  await expect(refused).rejects.toThrow(/wrong\.yml.*missing/s);
});
