import { describe, expect, test } from 'vitest';
import { loadConfig } from '#config/load.ts';
import type { AccountConfig } from '#config/schema.ts';
import {
  configPath,
  type Properties,
  propertiesOf,
  type Statement,
  statementsOf,
  templateOf,
  variablesOf,
} from './synthesised.ts';

const template = templateOf('dev');
const config = loadConfig(configPath('dev'));
const functions = propertiesOf(template, 'AWS::Lambda::Function');

function fn(strategyId: string, has: 'CONFIG_FILE' | 'ROUTE'): Properties {
  return functions.find((one) => variablesOf(one).STRATEGY_ID === strategyId && has in variablesOf(one))!;
}

/** Actions of a service that a function may take, with what they are allowed on. */
function may(one: Properties, service: string): Statement[] {
  return statementsOf(template, one).filter(({ Action }) => Action.some((action) => action.startsWith(`${service}:`)));
}

function actions(statements: readonly Statement[]): string[] {
  return statements.flatMap(({ Action }) => Action);
}

function on(one: Properties, table: 'BAR_TABLE' | 'LEDGER_TABLE'): Statement[] {
  const name = functions.map(variablesOf).find((variables) => table in variables)![table] as { Ref: string };
  return may(one, 'dynamodb').filter(({ Resource }) => JSON.stringify(Resource).includes(name.Ref));
}

describe.each(config.strategies)('strategy $id', ({ id, account }) => {
  const decides = fn(id, 'CONFIG_FILE');
  const executes = fn(id, 'ROUTE');

  test('reads bars and never writes one; its execution function does not even read them', () => {
    expect(new Set(actions(on(decides, 'BAR_TABLE')))).toEqual(new Set(['dynamodb:GetItem', 'dynamodb:Query']));
    expect(on(executes, 'BAR_TABLE')).toEqual([]);
  });

  test('touches its own partition of the ledger and no other, and deletes nothing', () => {
    for (const one of [decides, executes]) {
      const statements = on(one, 'LEDGER_TABLE');
      expect(statements).toHaveLength(1);
      expect(statements[0]!.Condition).toEqual({
        'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': [`STRATEGY#${id}`] },
      });
      // The condition is true where there is no key, so nothing may be granted that works without one.
      expect(actions(statements).filter((action) => /Scan|PartiQL|Delete|\*/.test(action))).toEqual([]);
    }
  });

  test('cannot read a secret where it decides, and only its own webhook where it executes', () => {
    expect(may(decides, 'secretsmanager')).toEqual([]);
    const [secret] = may(executes, 'secretsmanager');
    const { webhookSecret } = config.accounts.find((one: AccountConfig) => one.id === account)!;
    expect(JSON.stringify(secret!.Resource)).toContain(`:secret:${webhookSecret}-??????`);
    expect(actions([secret!]).filter((action) => !/Get|Describe/.test(action))).toEqual([]);
  });

  test('reads the global mode and its own, and can set neither', () => {
    expect(actions(may(decides, 'ssm'))).toEqual(['ssm:GetParameters']);
    const [modes] = may(decides, 'ssm');
    const names = [modes!.Resource].flat().map((arn) => JSON.stringify(arn).match(/:parameter([^"]*)/)![1]);
    expect(names).toEqual(['/rooney/dev/mode/global', `/rooney/dev/mode/${id}`]);
    expect(may(executes, 'ssm')).toEqual([]);
  });

  test('sends to its queue and takes from it, each function its half', () => {
    expect(actions(may(decides, 'sqs'))).not.toContain('sqs:ReceiveMessage');
    expect(actions(may(executes, 'sqs'))).not.toContain('sqs:SendMessage');
    expect(may(executes, 'kinesis')).toEqual([]);
    expect(actions(may(decides, 'kinesis')).filter((action) => action.includes('Put'))).toEqual([]);
  });
});

describe('the ingest service', () => {
  const [task] = propertiesOf(template, 'AWS::ECS::TaskDefinition') as [Properties];
  const roleOf = (kind: 'TaskRoleArn' | 'ExecutionRoleArn'): Properties => ({ Role: task[kind] });
  const [service, simulator] = task.ContainerDefinitions as [Properties, Properties];

  test('reads its own key and no other secret, and puts slices on the stream and nothing else', () => {
    const secrets = may(roleOf('TaskRoleArn'), 'secretsmanager');
    expect(secrets.map(({ Resource }) => JSON.stringify(Resource))).toEqual([
      expect.stringContaining(`:secret:${config.ingest.keySecret}-??????`),
    ]);
    expect(actions(secrets).filter((action) => !/Get|Describe/.test(action))).toEqual([]);
    expect(actions(may(roleOf('TaskRoleArn'), 'kinesis'))).toEqual(['kinesis:PutRecord']);
  });

  test('has the key in no variable; the simulator beside it gets it from the same secret', () => {
    const variables = (container: Properties) =>
      Object.fromEntries((container.Environment as { Name: string; Value: unknown }[]).map((v) => [v.Name, v.Value]));
    expect(variables(service)).toMatchObject({ KEY_SECRET: config.ingest.keySecret, LIVE_HOST: '127.0.0.1' });
    expect(Object.keys(variables(simulator))).not.toContain('GATEWAY_KEY');
    expect(JSON.stringify(simulator.Secrets)).toContain(`:secret:${config.ingest.keySecret}`);
    expect(simulator.PortMappings).toBeUndefined();
    expect(actions(may(roleOf('ExecutionRoleArn'), 'secretsmanager')).filter((a) => !/Get|Describe/.test(a))).toEqual(
      [],
    );
  });

  test('talks to the real gateway, without a simulator and within a limit, where the feed is real', () => {
    const paper = templateOf('paper');
    const [{ ContainerDefinitions: containers }] = propertiesOf(paper, 'AWS::ECS::TaskDefinition') as [Properties];
    expect(containers).toHaveLength(1);
    const names = (containers as { Environment: { Name: string }[] }[])[0]!.Environment.map(({ Name }) => Name);
    expect(names).toContain('HISTORY_USD_MAX');
    expect(names.filter((name) => /LIVE_|HISTORICAL_/.test(name))).toEqual([]);
  });
});

describe('every role', () => {
  test('is given no managed policy', () => {
    expect(propertiesOf(template, 'AWS::IAM::Role').filter(({ ManagedPolicyArns }) => ManagedPolicyArns)).toEqual([]);
  });

  test('is allowed nothing on all resources, but to ask the registry of images for a token', () => {
    const wide = propertiesOf(template, 'AWS::IAM::Policy')
      .flatMap(
        ({ PolicyDocument }) => (PolicyDocument as { Statement: { Action: unknown; Resource: unknown }[] }).Statement,
      )
      .filter(({ Resource }) => Resource === '*');
    expect(wide.map(({ Action }) => Action)).toEqual(['ecr:GetAuthorizationToken']);
  });
});
