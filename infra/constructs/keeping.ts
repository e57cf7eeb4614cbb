import { RemovalPolicy } from 'aws-cdk-lib';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Config } from '#config/schema.ts';

/** What becomes of records when a stack, or a resource in it, is removed. */
export interface Keeping {
  readonly removalPolicy: RemovalPolicy;
  readonly deletionProtection: boolean;
  readonly logRetention: RetentionDays;
}

/** Production keeps its records whatever happens to the stack; the others are made to be thrown away. */
export function keepingOf(environment: Config['environment']): Keeping {
  return environment === 'prod'
    ? { removalPolicy: RemovalPolicy.RETAIN, deletionProtection: true, logRetention: RetentionDays.ONE_YEAR }
    : { removalPolicy: RemovalPolicy.DESTROY, deletionProtection: false, logRetention: RetentionDays.ONE_MONTH };
}
