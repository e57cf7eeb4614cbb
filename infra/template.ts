import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addEnvironment, createApp } from './rooney-app.ts';

/** A CloudFormation template as far as its readers need to know it. */
export interface Template {
  readonly Resources: Readonly<Record<string, Resource>>;
}

export interface Resource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
  readonly Metadata?: Readonly<Record<string, unknown>>;
  readonly DeletionPolicy?: string;
}

/** The template of a configuration file, without the code of its functions; leaves nothing behind. */
export function synthTemplate(configPath: string): Template {
  const outdir = mkdtempSync(join(tmpdir(), 'rooney-template-'));
  try {
    const app = createApp({ outdir, templateOnly: true });
    const stack = addEnvironment(app, configPath);
    return app.synth().getStackArtifact(stack.artifactId).template as Template;
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}
