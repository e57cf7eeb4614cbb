import { Duration, Validations } from 'aws-cdk-lib';
import { SecurityGroup, SubnetType, type Vpc } from 'aws-cdk-lib/aws-ec2';
import { Platform } from 'aws-cdk-lib/aws-ecr-assets';
import {
  type CfnTaskDefinition,
  Cluster,
  type ContainerDefinition,
  ContainerDependencyCondition,
  ContainerImage,
  CpuArchitecture,
  FargateService,
  FargateTaskDefinition,
  LogDrivers,
  OperatingSystemFamily,
  Secret as TaskSecret,
} from 'aws-cdk-lib/aws-ecs';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { type ILogGroup, LogGroup } from 'aws-cdk-lib/aws-logs';
import { type ISecret, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import type { Config } from '#config/schema.ts';
import type { EnvOf } from '#functions/env.ts';
import type { ingestEnv } from '#ingest-service/env.ts';
import type { Keeping } from './keeping.ts';
import { repository } from './lambda-code.ts';
import type { MarketStream } from './market-stream.ts';
import type { Tables } from './tables.ts';

/** What the image is built from; everything else in the repository neither goes into it nor changes it. */
export const IMAGE_PARTS = [
  'package.json',
  'package-lock.json',
  '.npmrc',
  'core',
  'adapters',
  'functions/env.ts',
  'ingest-service',
  'local/gateway',
  'local/simulator-task.ts',
];

/** Tasks that run, and how far a deploy may leave that number, in per cent: 200 is a new one beside the old one. */
const STANDBY = {
  none: { tasks: 1, healthyMin: 0, healthyMax: 100 },
  deploy: { tasks: 1, healthyMin: 100, healthyMax: 200 },
  always: { tasks: 2, healthyMin: 50, healthyMax: 100 },
} as const;

/** Where the simulator beside the service listens, which only the task itself can reach. */
const SIMULATOR_ADDRESS = {
  LIVE_HOST: '127.0.0.1',
  LIVE_PORT: '13000',
  HISTORICAL_URL: 'http://127.0.0.1:13001',
} as const;

/** What the service reads from the configuration and writes to. */
export interface IngestServiceProps {
  readonly config: Config;
  readonly vpc: Vpc;
  readonly market: MarketStream;
  readonly tables: Tables;
  readonly keeping: Keeping;
}

/** The always-on task that turns the feed into bars, slices and announcements. */
export class IngestService extends Construct {
  constructor(scope: Construct, id: string, props: IngestServiceProps) {
    super(scope, id);
    const { config, vpc } = props;
    const cluster = new Cluster(this, 'Cluster', { vpc });
    const task = this.task(props);
    const { tasks, healthyMin, healthyMax } = STANDBY[config.ingest.standby];
    new FargateService(this, 'Service', {
      cluster,
      taskDefinition: task,
      desiredCount: config.ingest.feed === 'none' ? 0 : tasks,
      minHealthyPercent: healthyMin,
      maxHealthyPercent: healthyMax,
      circuitBreaker: { rollback: true },
      // Without a NAT gateway the way out is an address of its own; nothing is let in.
      assignPublicIp: true,
      vpcSubnets: { subnetType: SubnetType.PUBLIC },
      securityGroups: [new SecurityGroup(this, 'NoIngress', { vpc, allowAllOutbound: true })],
    });
    Validations.of(cluster).acknowledge({
      id: 'AwsSolutions-ECS4',
      reason: 'Container Insights costs more than the task; the service says what matters in metrics of its own.',
    });
  }

  private task({ config, market, tables, keeping }: IngestServiceProps): FargateTaskDefinition {
    const { feed, keySecret, historyUsdMax } = config.ingest;
    const task = new FargateTaskDefinition(this, 'Task', {
      cpu: config.ingest.cpu,
      memoryLimitMiB: config.ingest.memoryMiB,
      runtimePlatform: { cpuArchitecture: CpuArchitecture.X86_64, operatingSystemFamily: OperatingSystemFamily.LINUX },
    });
    const env: EnvOf<typeof ingestEnv> = {
      ENVIRONMENT: config.environment,
      UNIVERSE: config.market.universe.join(','),
      BAR_TABLE: tables.bars.tableName,
      STREAM_NAME: market.stream.streamName,
      DATASET: config.market.dataset,
      // Empty only where the service has no task that would read it.
      KEY_SECRET: keySecret ?? '',
      ...(historyUsdMax !== undefined && { HISTORY_USD_MAX: String(historyUsdMax) }),
      ...(feed === 'simulator' && SIMULATOR_ADDRESS),
    };
    const logGroup = new LogGroup(this, 'Logs', {
      retention: keeping.logRetention,
      removalPolicy: keeping.removalPolicy,
    });
    const image = ContainerImage.fromAsset(repository, {
      file: 'ingest-service/Dockerfile',
      platform: Platform.LINUX_AMD64,
      exclude: ['**', ...IMAGE_PARTS.map((part) => `!${part}`)],
    });
    const ingest = task.addContainer('ingest', {
      image,
      environment: { ...env },
      logging: LogDrivers.awsLogs({ logGroup, streamPrefix: 'ingest' }),
      readonlyRootFilesystem: true,
      // Time to finish the minute in hand and stop; after that the task is killed.
      stopTimeout: Duration.seconds(30),
    });
    if (keySecret !== undefined) {
      const key = Secret.fromSecretNameV2(this, 'Key', keySecret);
      key.grantRead(task.taskRole);
      if (feed === 'simulator') addSimulator(task, { ingest, image, key, logGroup, universe: env.UNIVERSE });
    }
    tables.grantWriteBars(task.taskRole);
    task.addToTaskRolePolicy(
      new PolicyStatement({
        actions: ['kinesis:PutRecord'],
        resources: [market.stream.streamArn],
      }),
    );
    (task.node.defaultChild as CfnTaskDefinition).addMetadata('rooney:entry', 'ingest-service/main.ts');
    Validations.of(task).acknowledge(
      { id: 'AwsSolutions-ECS2', reason: 'The variables are addresses; secrets are read by name at run time.' },
      { id: 'AwsSolutions-IAM5[Resource::*]', reason: 'ecr:GetAuthorizationToken knows no resource but all of them.' },
    );
    return task;
  }
}

/** Puts the gateway simulator beside the service: another program of the same image, with the key that the service has. */
function addSimulator(
  task: FargateTaskDefinition,
  parts: {
    readonly ingest: ContainerDefinition;
    readonly image: ContainerImage;
    readonly key: ISecret;
    readonly logGroup: ILogGroup;
    readonly universe: string;
  },
): void {
  const { ingest, image, key, logGroup, universe } = parts;
  const container = task.addContainer('simulator', {
    image,
    command: ['simulator-task.mjs'],
    environment: {
      UNIVERSE: universe,
      LIVE_PORT: SIMULATOR_ADDRESS.LIVE_PORT,
      HISTORICAL_PORT: new URL(SIMULATOR_ADDRESS.HISTORICAL_URL).port,
    },
    secrets: { GATEWAY_KEY: TaskSecret.fromSecretsManager(key) },
    logging: LogDrivers.awsLogs({ logGroup, streamPrefix: 'simulator' }),
    readonlyRootFilesystem: true,
  });
  ingest.addContainerDependencies({ container, condition: ContainerDependencyCondition.START });
}
