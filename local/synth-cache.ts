import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { globSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { contractError } from '#core/errors.ts';
import type { CloudTemplate } from './intrinsics.ts';

/** Everything that a template depends on besides the configuration file. */
const SOURCES = [
  'config/*.ts',
  'core/**/*.ts',
  'functions/**/env.ts',
  'infra/**',
  'ingest-service/env.ts',
  'local/synth-child.ts',
  'package-lock.json',
  'strategies/**/*.ts',
];
const KEPT_MAX = 8;

/**
 * The synthesised template of a configuration file, from `<cacheFolder>` when nothing it depends on has changed, else
 * synthesised in a child process and kept there.
 */
export async function cachedTemplate(
  configPath: string,
  { rootFolder, cacheFolder }: { readonly rootFolder: string; readonly cacheFolder: string },
): Promise<CloudTemplate> {
  const path = join(cacheFolder, `template-${keyOf(configPath, rootFolder)}.json`);
  const kept = readKept(path);
  if (kept) return kept;
  const template = await synthesise(configPath, rootFolder);
  keep(template, path, cacheFolder);
  return template;
}

function keyOf(configPath: string, rootFolder: string): string {
  const hash = createHash('sha256').update(readFileSync(configPath));
  const files = globSync(SOURCES, { cwd: rootFolder, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map((entry) => join(entry.parentPath, entry.name)).sort();
  for (const path of paths) hash.update(path).update(readFileSync(path));
  return hash.digest('hex').slice(0, 32);
}

function readKept(path: string): CloudTemplate | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as CloudTemplate;
  } catch {
    // Absent, or cut short by a full disk: either way it is synthesised again.
    return null;
  }
}

function keep(template: CloudTemplate, path: string, cacheFolder: string): void {
  mkdirSync(cacheFolder, { recursive: true });
  const unfinished = `${path}.${process.pid}`;
  writeFileSync(unfinished, JSON.stringify(template));
  renameSync(unfinished, path);
  const others = readdirSync(cacheFolder).filter((name) => name.startsWith('template-') && !path.endsWith(name));
  for (const name of others.slice(0, -KEPT_MAX)) rmSync(join(cacheFolder, name), { force: true });
}

async function synthesise(configPath: string, rootFolder: string): Promise<CloudTemplate> {
  const child = spawn(process.execPath, [fileURLToPath(new URL('./synth-child.ts', import.meta.url)), configPath], {
    cwd: rootFolder,
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let printed = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    printed = (printed + chunk.toString()).slice(-4000);
  });
  return await new Promise((resolve, reject) => {
    child.once('message', (template) => resolve(template as CloudTemplate));
    child.once('error', reject);
    child.once('exit', () => reject(contractError(`${configPath}: the template could not be synthesised. ${printed}`)));
  });
}
