import { Stack } from 'aws-cdk-lib';
import { type IGrantable, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { CfnParameter } from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';

/**
 * The kill modes: one parameter for everything and one for each strategy, created as REDUCE_ONLY.
 *
 * An operator changes the value outside of any deploy. CloudFormation writes a parameter whenever anything about its
 * resource differs from the last template, and would then overwrite that value. So nothing here may ever change:
 * no description, no tags, no property that follows from the configuration.
 */
export class Modes extends Construct {
  readonly global: CfnParameter;
  private readonly path: string;

  constructor(scope: Construct, id: string, { environment }: { readonly environment: string }) {
    super(scope, id);
    this.path = `/rooney/${environment}/mode`;
    this.global = this.parameter('global');
  }

  /** The parameter of one strategy. */
  of(strategyId: string): CfnParameter {
    return this.parameter(strategyId);
  }

  private parameter(name: string): CfnParameter {
    return new CfnParameter(this, name, {
      name: `${this.path}/${name}`,
      type: 'String',
      value: 'REDUCE_ONLY',
      allowedPattern: '^(RUN|REDUCE_ONLY|FLATTEN|HALT)$',
    });
  }
}

/** Lets somebody read modes, and never set one. */
export function grantReadModes(grantee: IGrantable, parameters: readonly CfnParameter[]): void {
  grantee.grantPrincipal.addToPrincipalPolicy(
    new PolicyStatement({
      actions: ['ssm:GetParameters'],
      resources: parameters.map((parameter) =>
        Stack.of(parameter).formatArn({
          service: 'ssm',
          resource: 'parameter',
          resourceName: parameter.name!.slice(1),
        }),
      ),
    }),
  );
}
