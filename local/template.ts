import { z } from 'zod';
import { contractError } from '#core/errors.ts';
import { type CloudTemplate, Intrinsics, type TemplateResource } from './intrinsics.ts';
import {
  containersSchema,
  functionSchema,
  mappingSchema,
  parameterSchema,
  queueSchema,
  streamSchema,
  tableSchema,
} from './template-schemas.ts';

/** A table with its keys and indexes. */
export type TableSpec = z.infer<typeof tableSchema> & { readonly name: string };
/** A queue with the attributes the emulator understands. */
export type QueueSpec = z.infer<typeof queueSchema> & { readonly name: string; readonly arn: string };
/** A stream; on-demand ones have one shard here. */
export interface StreamSpec {
  readonly name: string;
  readonly shardCount: number;
}
/** A parameter with the value the template gives it at creation. */
export type ParameterSpec = z.infer<typeof parameterSchema> & { readonly name: string };

/** A function of ours: one with a TypeScript entry. */
export interface FunctionSpec {
  readonly name: string;
  readonly arn: string;
  /** Path of the handler from the root of the project, POSIX. */
  readonly entry: string;
  readonly timeoutMs: number;
  readonly memoryMb: number;
  readonly environment: Readonly<Record<string, string>>;
  /** 0 stops the function: every invocation is throttled. */
  readonly reservedConcurrency: number | null;
}

/** An event source mapping as the pump needs it; numbers that the template leaves out have Lambda's defaults. */
export interface MappingSpec {
  readonly id: string;
  readonly functionName: string;
  /** Stream, stream consumer or queue. */
  readonly eventSourceArn: string;
  readonly enabled: boolean;
  readonly batchSize: number;
  readonly reportBatchItemFailures: boolean;
  readonly startingPosition: 'TRIM_HORIZON' | 'LATEST';
  readonly bisect: boolean;
  /** -1 for no limit. */
  readonly retriesMax: number;
  /** -1 for no limit. */
  readonly recordAgeMaxMs: number;
  /** ARN of the queue that is told about discarded records; null for none. */
  readonly onFailureArn: string | null;
  /** Environments that work on one queue at a time, at most; null for Lambda's own choice. */
  readonly concurrencyMax: number | null;
}

/** Everything of a template that the local cloud reproduces, with local names, ARNs and URLs. */
export interface LocalStack {
  readonly tables: readonly TableSpec[];
  readonly queues: readonly QueueSpec[];
  readonly streams: readonly StreamSpec[];
  readonly parameters: readonly ParameterSpec[];
  readonly functions: readonly FunctionSpec[];
  readonly kinesisMappings: readonly MappingSpec[];
  readonly sqsMappings: readonly MappingSpec[];
  /** Environment of the ingest container; null when the template has no task definition. */
  readonly ingestEnvironment: Readonly<Record<string, string>> | null;
}

/**
 * Reads a synthesised template. Throws a contract error that names the resource when a property has another shape than
 * expected, when a mapping uses a setting that the pump does not reproduce, or when an intrinsic cannot be resolved.
 */
export function readTemplate(template: CloudTemplate, sqsEndpoint: string): LocalStack {
  const intrinsics = new Intrinsics(template, sqsEndpoint);
  const all = Object.entries(template.Resources);
  const ofType = <T>(types: readonly string[], read: (id: string, resource: TemplateResource) => T): T[] =>
    all.filter(([, { Type }]) => types.includes(Type)).map(([id, resource]) => read(id, resource));
  const parse = <T>(schema: z.ZodType<T>, id: string, properties: unknown): T =>
    parsed(schema, id, properties, intrinsics);

  const functions = ofType(['AWS::Lambda::Function'], (id, resource) => {
    const entry = resource.Metadata?.['rooney:entry'];
    // Functions without an entry are CDK's own helpers for deployments; nothing of ours runs in them.
    return typeof entry === 'string' ? [functionSpec(id, entry, resource, intrinsics)] : [];
  }).flat();
  const mappings = ofType(['AWS::Lambda::EventSourceMapping'], (id, { Properties }) =>
    mappingSpec(id, parse(mappingSchema, id, Properties)),
  );
  const [containers] = ofType(['AWS::ECS::TaskDefinition'], (id, { Properties }) =>
    // The image of the container is an address that only a deployment knows; the environment is all we need.
    parse(containersSchema, id, environmentOnly(Properties)),
  );
  return {
    tables: ofType(['AWS::DynamoDB::Table', 'AWS::DynamoDB::GlobalTable'], (id, { Properties }) => ({
      name: intrinsics.nameOf(id),
      ...parse(tableSchema, id, Properties),
    })),
    queues: ofType(['AWS::SQS::Queue'], (id, { Properties }) => ({
      name: intrinsics.nameOf(id),
      arn: intrinsics.arnOf(id),
      ...parse(queueSchema, id, Properties ?? {}),
    })),
    streams: ofType(['AWS::Kinesis::Stream'], (id, { Properties }) => ({
      name: intrinsics.nameOf(id),
      shardCount: parse(streamSchema, id, Properties ?? {}).ShardCount ?? 1,
    })),
    parameters: ofType(['AWS::SSM::Parameter'], (id, { Properties }) => ({
      name: intrinsics.nameOf(id),
      ...parse(parameterSchema, id, Properties),
    })),
    functions,
    kinesisMappings: mappings.filter(({ eventSourceArn }) => eventSourceArn.startsWith('arn:aws:kinesis:')),
    sqsMappings: mappings.filter(({ eventSourceArn }) => eventSourceArn.startsWith('arn:aws:sqs:')),
    ingestEnvironment: containers
      ? Object.fromEntries(
          (containers.ContainerDefinitions[0]?.Environment ?? []).map(({ Name, Value }) => [Name, Value]),
        )
      : null,
  };
}

function functionSpec(id: string, entry: string, resource: TemplateResource, intrinsics: Intrinsics): FunctionSpec {
  const properties = parsed(functionSchema, id, resource.Properties, intrinsics);
  return {
    name: intrinsics.nameOf(id),
    arn: intrinsics.arnOf(id),
    entry,
    timeoutMs: (properties.Timeout ?? 3) * 1000,
    memoryMb: properties.MemorySize ?? 128,
    environment: properties.Environment?.Variables ?? {},
    reservedConcurrency: properties.ReservedConcurrentExecutions ?? null,
  };
}

function mappingSpec(id: string, mapping: z.infer<typeof mappingSchema>): MappingSpec {
  const fromQueue = mapping.EventSourceArn.startsWith('arn:aws:sqs:');
  const ageMaxSeconds = mapping.MaximumRecordAgeInSeconds ?? -1;
  return {
    id,
    functionName: mapping.FunctionName.split(':').at(-1) ?? '',
    eventSourceArn: mapping.EventSourceArn,
    enabled: mapping.Enabled ?? true,
    batchSize: mapping.BatchSize ?? (fromQueue ? 10 : 100),
    reportBatchItemFailures: mapping.FunctionResponseTypes?.includes('ReportBatchItemFailures') ?? false,
    startingPosition: mapping.StartingPosition ?? 'TRIM_HORIZON',
    bisect: mapping.BisectBatchOnFunctionError ?? false,
    retriesMax: mapping.MaximumRetryAttempts ?? -1,
    recordAgeMaxMs: ageMaxSeconds < 0 ? -1 : ageMaxSeconds * 1000,
    onFailureArn: mapping.DestinationConfig?.OnFailure?.Destination ?? null,
    concurrencyMax: mapping.ScalingConfig?.MaximumConcurrency ?? null,
  };
}

/** Resolves only what the schema asks for: other properties may hold what only a deployment knows. */
function parsed<T>(schema: z.ZodType<T>, id: string, properties: unknown, intrinsics: Intrinsics): T {
  const wanted = schema instanceof z.ZodObject ? pick(properties, schema) : properties;
  const result = schema.safeParse(intrinsics.resolve(wanted, id));
  if (result.success) return result.data;
  throw contractError(
    `template, ${id}: ${z.prettifyError(result.error)}\nThe local cloud would not behave as the template says.`,
  );
}

function pick(properties: unknown, schema: z.ZodObject): unknown {
  const strict = schema.def.catchall !== undefined;
  if (strict || typeof properties !== 'object' || properties === null) return properties;
  return Object.fromEntries(Object.entries(properties).filter(([key]) => key in schema.shape));
}

function environmentOnly(properties: TemplateResource['Properties']): unknown {
  const containers = (properties?.ContainerDefinitions ?? []) as readonly { readonly Environment?: unknown }[];
  return { ContainerDefinitions: containers.map(({ Environment }) => ({ Environment })) };
}
