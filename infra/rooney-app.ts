import { resolve } from 'node:path';
import { App } from 'aws-cdk-lib';
import { loadConfig } from '#config/load.ts';
import { RooneyStack } from './rooney-stack.ts';

/** How an environment is synthesised. */
export interface SynthesisOptions {
  /** Folder to write to; what the CDK command says, or a temporary one, when left out. */
  readonly outdir?: string;
  /** Leaves out the code of functions, the copies of assets and the validation of the template. */
  readonly templateOnly?: boolean;
}

/** Behaviour that new CDK projects have by default. Here and not in cdk.json, so that every way of synthesis has it. */
const FLAGS = {
  '@aws-cdk/aws-iam:minimizePolicies': true,
  '@aws-cdk/core:checkSecretUsage': true,
  '@aws-cdk/core:validateAgainstDefaultRules': true,
  '@aws-cdk/core:explicitStackTags': true,
  '@aws-cdk/aws-ecs:removeDefaultDeploymentAlarm': true,
  '@aws-cdk/aws-ecs:disableExplicitDeploymentControllerForCircuitBreaker': true,
};

const NO_ASSETS = { 'aws:cdk:bundling-stacks': [], 'aws:cdk:disable-asset-staging': true };

/** An empty CDK app; its context holds what the CDK command was given. */
export function createApp({ outdir, templateOnly = false }: SynthesisOptions = {}): App {
  return new App({
    outdir,
    analyticsReporting: false,
    builtinCloudFormationValidation: !templateOnly,
    context: { ...FLAGS, ...(templateOnly ? NO_ASSETS : {}) },
  });
}

/** Adds the stack of a configuration file. Throws a contract error when the configuration is refused. */
export function addEnvironment(app: App, configPath: string): RooneyStack {
  const path = resolve(configPath);
  const config = loadConfig(path);
  return new RooneyStack(app, `rooney-${config.environment}`, { config, configPath: path });
}
