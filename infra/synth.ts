import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { kindOf } from '#core/errors.ts';
import { repository } from './constructs/lambda-code.ts';
import { addEnvironment, createApp } from './rooney-app.ts';

// Writes the template, the functions' code and everything else that a deploy needs, for every environment.
const configs = join(repository, 'config');
for (const file of readdirSync(configs).filter((name) => name.endsWith('.yml'))) {
  try {
    synthesise(join(configs, file), join('cdk.out', basename(file, '.yml')));
  } catch (error) {
    const { message, syscall } = error as NodeJS.ErrnoException;
    if (kindOf(error) !== 'contract' && syscall === undefined) throw error;
    console.error(syscall === undefined ? message : `cdk.out cannot be written: ${message}`);
    process.exitCode = 1;
  }
}

function synthesise(configPath: string, folder: string): void {
  const app = createApp({ outdir: join(repository, folder) });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  const stack = addEnvironment(app, configPath);
  const { template } = app.synth().getStackArtifact(stack.artifactId);
  console.log(`${stack.stackName}: ${Object.keys(template.Resources).length} resources in ${folder}`);
}
