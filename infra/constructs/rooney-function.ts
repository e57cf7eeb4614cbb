import type { Duration } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  Architecture,
  type CfnFunction,
  Function as LambdaFunction,
  type LayerVersion,
  LoggingFormat,
  Runtime,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import type { Keeping } from './keeping.ts';
import { bundledCode, type CopiedFiles } from './lambda-code.ts';

/** What differs between our functions. */
export interface RooneyFunctionProps {
  /** Path of the handler's file in the repository. */
  readonly entry: string;
  /** Files put beside the handler. */
  readonly files?: CopiedFiles;
  readonly environment: Readonly<Record<string, string>>;
  readonly memoryMiB: number;
  readonly timeout: Duration;
  readonly layers?: LayerVersion[];
  readonly keeping: Keeping;
}

/** A Lambda with a role and a log group of its own, and no permission but to write there. */
export class RooneyFunction extends LambdaFunction {
  constructor(scope: Construct, id: string, props: RooneyFunctionProps) {
    const { entry, files, environment, memoryMiB, timeout, layers, keeping } = props;
    const logGroup = new LogGroup(scope, `${id}Logs`, {
      retention: keeping.logRetention,
      removalPolicy: keeping.removalPolicy,
    });
    const role = new Role(scope, `${id}Role`, { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    logGroup.grantWrite(role);
    super(scope, id, {
      code: bundledCode(entry, files),
      handler: 'index.handler',
      runtime: Runtime.NODEJS_24_X,
      // The native ONNX runtime is proved on x64 only.
      architecture: Architecture.X86_64,
      memorySize: memoryMiB,
      timeout,
      role,
      logGroup,
      loggingFormat: LoggingFormat.JSON,
      layers,
      environment: { ...environment },
    });
    // The local cloud starts the function from this source file instead of the bundle.
    (this.node.defaultChild as CfnFunction).addMetadata('rooney:entry', entry);
  }
}
