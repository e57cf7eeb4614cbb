import { buildSync } from 'esbuild';
import { expect, test } from 'vitest';
import { IMAGE_PARTS } from '#infra/constructs/ingest-service.ts';
import { repository } from '#infra/constructs/lambda-code.ts';

test('the image of the ingest service holds every file that the service imports', () => {
  const { metafile } = buildSync({
    absWorkingDir: repository,
    entryPoints: ['ingest-service/main.ts'],
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
  expect(imported.filter((file) => !IMAGE_PARTS.some((part) => file === part || file.startsWith(`${part}/`)))).toEqual(
    [],
  );
});
