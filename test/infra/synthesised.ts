import { fileURLToPath } from 'node:url';
import { type Resource, synthTemplate, type Template } from '#infra/template.ts';

/** Path of an environment's configuration. */
export function configPath(environment: string): string {
  return fileURLToPath(new URL(`../../config/${environment}.yml`, import.meta.url));
}

/** The template of a configured environment. */
export function templateOf(environment: string): Template {
  return synthTemplate(configPath(environment));
}

/** Properties of a resource, loosely typed as CloudFormation has them. */
export type Properties = Readonly<Record<string, unknown>>;

/** All resources of a type, by logical id. */
export function ofType(template: Template, type: string): [logicalId: string, resource: Resource][] {
  return Object.entries(template.Resources).filter(([, resource]) => resource.Type === type);
}

/** Properties of all resources of a type. */
export function propertiesOf(template: Template, type: string): Properties[] {
  return ofType(template, type).map(([, resource]) => resource.Properties ?? {});
}

/** Variables of a function. */
export function variablesOf(properties: Properties): Properties {
  return (properties.Environment as { Variables: Properties }).Variables;
}

/** A statement of a policy, its actions always a list. */
export interface Statement {
  readonly Effect: string;
  readonly Action: readonly string[];
  readonly Resource: unknown;
  readonly Condition?: unknown;
}

/** Everything that the role of a function may do. */
export function statementsOf(template: Template, fn: Properties): Statement[] {
  const role = (fn.Role as { 'Fn::GetAtt': [string, string] })['Fn::GetAtt'][0];
  return propertiesOf(template, 'AWS::IAM::Policy')
    .filter(({ Roles }) => (Roles as { Ref: string }[]).some(({ Ref }) => Ref === role))
    .flatMap(({ PolicyDocument }) => (PolicyDocument as { Statement: Statement[] }).Statement)
    .map((statement) => ({ ...statement, Action: [statement.Action].flat() as string[] }));
}
