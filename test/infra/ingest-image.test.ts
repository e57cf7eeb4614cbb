import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { expect, test } from 'vitest';
import { IMAGE_PARTS } from '#infra/constructs/ingest-service.ts';
import { repository } from '#infra/constructs/lambda-code.ts';

const dockerfile = readFileSync(join(repository, 'ingest-service/Dockerfile'), 'utf8');

test.each(['ingest-service/main.ts', 'local/simulator-task.ts'])(
  'the image holds every file that %s imports',
  (entry) => {
    const { metafile } = buildSync({
      absWorkingDir: repository,
      entryPoints: [entry],
      bundle: true,
      write: false,
      metafile: true,
      platform: 'node',
      format: 'esm',
      packages: 'external',
      logLevel: 'error',
    });
    const imported = Object.keys(metafile.inputs);
    expect(imported.length).toBeGreaterThan(20);
    expect(
      imported.filter((file) => !IMAGE_PARTS.some((part) => file === part || file.startsWith(`${part}/`))),
    ).toEqual([]);
    expect(dockerfile).toContain(entry.replace('.ts', ''));
  },
);

test('the image is built from nothing but what is handed to its build', () => {
  const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.*) \S+$/gm)].flatMap(([, files]) => files!.split(' '));
  expect(new Set(copied)).toEqual(new Set(IMAGE_PARTS));
});
