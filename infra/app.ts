import { join } from 'node:path';
import { Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { kindOf } from '#core/errors.ts';
import { repository } from './constructs/lambda-code.ts';
import { addEnvironment, createApp } from './rooney-app.ts';

// What the CDK command runs: `cdk <verb> -c env=dev`, or ROONEY_ENV=dev.
const app = createApp();
Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
const environment: unknown = app.node.tryGetContext('env') ?? process.env.ROONEY_ENV ?? 'dev';
try {
  addEnvironment(app, join(repository, 'config', `${environment}.yml`));
  app.synth();
} catch (error) {
  if (kindOf(error) !== 'contract') throw error;
  console.error((error as Error).message);
  process.exitCode = 1;
}
