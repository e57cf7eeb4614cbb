import { AttributeType, BillingMode, Table } from 'aws-cdk-lib/aws-dynamodb';
import { type IGrantable, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { Keeping } from './keeping.ts';

const READ = ['dynamodb:GetItem', 'dynamodb:Query'];

/** The two tables: bars and slices, written by the ingester; and the ledger, one partition per strategy. */
export class Tables extends Construct {
  readonly bars: Table;
  readonly ledger: Table;

  constructor(scope: Construct, id: string, { keeping }: { readonly keeping: Keeping }) {
    super(scope, id);
    const props = {
      partitionKey: { name: 'pk', type: AttributeType.STRING },
      sortKey: { name: 'sk', type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: keeping.deletionProtection,
      removalPolicy: keeping.removalPolicy,
    };
    this.bars = new Table(this, 'Bars', props);
    this.ledger = new Table(this, 'Ledger', props);
  }

  /** Lets somebody read bars and slices. */
  grantReadBars(grantee: IGrantable): void {
    grantee.grantPrincipal.addToPrincipalPolicy(
      new PolicyStatement({ actions: READ, resources: [this.bars.tableArn] }),
    );
  }

  /** Lets the ingester write bars and slices, and read back what it continues. */
  grantWriteBars(grantee: IGrantable): void {
    grantee.grantPrincipal.addToPrincipalPolicy(
      new PolicyStatement({
        actions: [...READ, 'dynamodb:PutItem', 'dynamodb:BatchWriteItem'],
        resources: [this.bars.tableArn],
      }),
    );
  }

  /** Lets somebody read and write the ledger of one strategy and of no other. */
  grantLedger(grantee: IGrantable, strategyId: string): void {
    grantee.grantPrincipal.addToPrincipalPolicy(
      new PolicyStatement({
        actions: [...READ, 'dynamodb:PutItem', 'dynamodb:UpdateItem', 'dynamodb:BatchWriteItem'],
        resources: [this.ledger.tableArn],
        conditions: { 'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': [`STRATEGY#${strategyId}`] } },
      }),
    );
  }
}
