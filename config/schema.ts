import { z } from 'zod';

/** A word that can be part of resource names, key prefixes and intent ids, where `:` and `#` separate. */
const id = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,31}$/, 'expected lower-case letters, digits and hyphens, at most 32, a letter first');
const root = z.string().regex(/^[A-Z0-9]{2,4}$/, 'expected a root such as ES, in capitals');
const dollars = z.number().positive();
const count = z.int().positive();

const marketSchema = z.strictObject({
  /** Databento's name of the exchange's data set. */
  dataset: z.string().min(1),
  /** Roots whose bars are ingested; signals and orders may use no others. */
  universe: z.array(root).min(1).max(100),
});

/** Memory that Fargate offers with each number of CPU units, MiB. */
const FARGATE_MEMORY_MIB = { 256: [512, 2048], 512: [1024, 4096], 1024: [2048, 8192] } as const;

const ingestSchema = z
  .strictObject({
    /** `simulator`: invented bars, by a gateway simulator beside the service. `none`: the service is deployed with no task. */
    feed: z.enum(['databento', 'simulator', 'none']),
    /** Name of the secret that holds the Databento key; never the key. The simulator beside the service takes that key only. */
    keySecret: z.string().optional(),
    /** Dollars that one start of the service may spend on history; more is refused before anything is spent. */
    historyUsdMax: dollars.optional(),
    /** CPU units of the Fargate task, 1024 to a vCPU. */
    cpu: z.literal([256, 512, 1024]),
    memoryMiB: z.int().multipleOf(512),
    /** A second ingester beside the first: never, while a deploy lasts, or always. */
    standby: z.enum(['none', 'deploy', 'always']),
  })
  .refine(({ cpu, memoryMiB }) => memoryMiB >= FARGATE_MEMORY_MIB[cpu][0] && memoryMiB <= FARGATE_MEMORY_MIB[cpu][1], {
    path: ['memoryMiB'],
    message: `Fargate offers, by cpu: ${JSON.stringify(FARGATE_MEMORY_MIB)}`,
  });

const certificateSchema = z.strictObject({
  /** The least grade of the bars that form a signal: `proved` by a live marker, or `presumed` from a file. */
  entryGrade: z.enum(['presumed', 'proved']),
  /** Recorded holes allowed in the last five bars of a window. */
  holesMaxRecent: z.int().min(0).max(5),
  /** Recorded holes allowed in the rest of a window, as a fraction of its bars. */
  holesMaxFraction: z.number().min(0).max(0.2),
});

const limitsSchema = z.strictObject({
  /** Lanes that may be in use at once. */
  positionsMax: count,
  /** Loss of one trade date, realised and marked, at which everything is closed; dollars. */
  dailyStopUsd: dollars,
});

/** One account at the broker. */
export const accountSchema = z.strictObject({
  id,
  route: z.enum(['traderspost', 'sandbox', 'none']),
  /** Name of the secret that holds the webhook address; never the address. */
  webhookSecret: z.string().optional(),
  /** How the account's positions are known. `open-loop`: an accepted order is assumed filled; no broker is read. */
  reconMode: z.literal('open-loop'),
  /** The broker's own loss limit for a day, dollars. */
  dailyLossLimitUsd: dollars,
  positionsMax: count,
});

/** Root and size of the orders; the size is either fixed or follows from the distance of the stop. */
const executeSchema = z
  .strictObject({ root: root.optional(), contracts: count.optional(), riskDollars: dollars.optional() })
  .refine(({ contracts, riskDollars }) => (contracts === undefined) !== (riskDollars === undefined), {
    message: 'expected exactly one of contracts and riskDollars',
  });

const lineSchema = z
  .strictObject({
    /** Root whose bars are read. */
    root,
    /** Name of a file in `strategies/`. */
    definition: z.string().min(1),
    execute: executeSchema,
    /** Parameters of the definition; checked against its own schema and completed with its defaults. */
    params: z.record(z.string(), z.unknown()).default({}),
  })
  .transform((line) => ({ ...line, execute: { ...line.execute, root: line.execute.root ?? line.root } }));

/** One strategy: what it trades, where, how much, and how fast it hears of a slice. */
export const strategySchema = z.strictObject({
  id,
  account: id,
  /** `draining`: exits only, until every lane is flat and the strategy can be removed. */
  state: z.enum(['active', 'draining']),
  /** `fast` pays for its own pipe from the stream. */
  latency: z.enum(['standard', 'fast']),
  /** Number of the stream that is read. */
  stream: count,
  veto: z.enum(['required', 'optional', 'off']),
  limits: limitsSchema,
  lines: z.array(lineSchema).min(1),
});

/** Everything that one environment is configured by; addresses and secrets are not here. */
export const configSchema = z.strictObject({
  environment: z.enum(['dev', 'paper', 'prod']),
  market: marketSchema,
  ingest: ingestSchema,
  certificate: certificateSchema,
  /** Ticks by which a model fill is worse than the price it is taken from. */
  fills: z.strictObject({ slippageTicks: z.int().min(0).max(20) }),
  limits: limitsSchema,
  accounts: z.array(accountSchema).min(1),
  strategies: z.array(strategySchema).min(1),
  /** Where alarms are sent; without an address they can only be looked at. */
  alerts: z.strictObject({ email: z.email().optional() }),
});

/** A checked configuration: plain data, defaults filled in. */
export type Config = z.output<typeof configSchema>;
export type AccountConfig = Config['accounts'][number];
export type StrategyConfig = Config['strategies'][number];
/** One root of a strategy; `params` are the definition's own, parsed by its schema. */
export type LineConfig = StrategyConfig['lines'][number];
