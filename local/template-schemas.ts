import { z } from 'zod';

const attributeSchema = z.object({ AttributeName: z.string(), AttributeType: z.enum(['S', 'N', 'B']) });
const keySchema = z.array(z.object({ AttributeName: z.string(), KeyType: z.enum(['HASH', 'RANGE']) }));
const indexSchema = z.object({
  IndexName: z.string(),
  KeySchema: keySchema,
  Projection: z.object({
    ProjectionType: z.enum(['ALL', 'KEYS_ONLY', 'INCLUDE']).optional(),
    NonKeyAttributes: z.array(z.string()).optional(),
  }),
});
/** Properties of a DynamoDB table that the emulator knows. */
export const tableSchema = z.object({
  AttributeDefinitions: z.array(attributeSchema),
  KeySchema: keySchema,
  GlobalSecondaryIndexes: z.array(indexSchema).optional(),
});
const seconds = z.number().int().nonnegative();
/** Properties of an SQS queue that the emulator knows. */
export const queueSchema = z.object({
  VisibilityTimeout: seconds.optional(),
  MessageRetentionPeriod: seconds.optional(),
  ReceiveMessageWaitTimeSeconds: seconds.optional(),
  DelaySeconds: seconds.optional(),
  FifoQueue: z.boolean().optional(),
  ContentBasedDeduplication: z.boolean().optional(),
  DeduplicationScope: z.string().optional(),
  FifoThroughputLimit: z.string().optional(),
  RedrivePolicy: z.object({ deadLetterTargetArn: z.string(), maxReceiveCount: z.number().int() }).optional(),
});
/** Properties of a Kinesis stream that the emulator knows. */
export const streamSchema = z.object({
  ShardCount: z.number().int().positive().optional(),
  RetentionPeriodHours: z.number().int().optional(),
});
/** Properties of a parameter. */
export const parameterSchema = z.object({ Type: z.string(), Value: z.string(), AllowedPattern: z.string().optional() });
/** Properties of a Lambda function that the worker host reproduces. */
export const functionSchema = z.object({
  Timeout: z.number().int().positive().optional(),
  MemorySize: z.number().int().positive().optional(),
  Environment: z.object({ Variables: z.record(z.string(), z.string()) }).optional(),
  ReservedConcurrentExecutions: z.number().int().nonnegative().optional(),
});
/** Properties of an event source mapping. Strict: a setting that the pump does not reproduce must stop the start. */
export const mappingSchema = z.strictObject({
  EventSourceArn: z.string(),
  FunctionName: z.string(),
  Enabled: z.boolean().optional(),
  BatchSize: z.number().int().positive().optional(),
  FunctionResponseTypes: z.array(z.literal('ReportBatchItemFailures')).optional(),
  Tags: z.unknown().optional(),
  MaximumBatchingWindowInSeconds: z.literal(0).optional(),
  ParallelizationFactor: z.literal(1).optional(),
  BisectBatchOnFunctionError: z.boolean().optional(),
  MaximumRetryAttempts: z.number().int().min(-1).optional(),
  MaximumRecordAgeInSeconds: z.number().int().min(-1).optional(),
  StartingPosition: z.enum(['TRIM_HORIZON', 'LATEST']).optional(),
  DestinationConfig: z.object({ OnFailure: z.object({ Destination: z.string() }).optional() }).optional(),
  ScalingConfig: z.object({ MaximumConcurrency: z.number().int().min(2).optional() }).optional(),
});
/** Environments of the containers of a task definition. */
export const containersSchema = z.object({
  ContainerDefinitions: z
    .array(z.object({ Environment: z.array(z.object({ Name: z.string(), Value: z.string() })).optional() }))
    .min(1),
});
