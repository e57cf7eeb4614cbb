import { type Parts, problem } from './parts.ts';
import type { Problem } from './problem.ts';

/** Standard consumers that one shard serves with a poll a second each: five reads a second, and one kept for operators. */
export const STANDARD_CONSUMERS_MAX = 4;
/** Consumers with a pipe of their own that a stream can have. */
const FAST_CONSUMERS_MAX = 20;
/** A limit above several strategies: of their account, or of the environment. */
interface Total {
  readonly path: readonly PropertyKey[];
  readonly under: Parts['strategies'];
  readonly stopKey: 'dailyLossLimitUsd' | 'dailyStopUsd';
  readonly stopUsd: number;
  readonly positionsMax: number;
}

/** Limits are static: what all strategies may lose and hold at once must fit every total above them. */
export function limitProblems({ limits, accounts, strategies }: Parts): Problem[] {
  const ofAccounts = accounts.map<Total>(({ index, part }) => ({
    path: ['accounts', index],
    under: strategies.filter((strategy) => strategy.part.account === part.id),
    stopKey: 'dailyLossLimitUsd',
    stopUsd: part.dailyLossLimitUsd,
    positionsMax: part.positionsMax,
  }));
  const ofEnvironment = limits && {
    path: ['limits'],
    under: strategies,
    stopKey: 'dailyStopUsd' as const,
    stopUsd: limits.dailyStopUsd,
    positionsMax: limits.positionsMax,
  };
  return [...ofAccounts, ...(ofEnvironment ? [ofEnvironment] : [])].flatMap(totalProblems);
}

function totalProblems({ path, under, stopKey, stopUsd, positionsMax }: Total): Problem[] {
  const stops = under.reduce((sum, { part }) => sum + part.limits.dailyStopUsd, 0);
  const slots = under.reduce((sum, { part }) => sum + part.limits.positionsMax, 0);
  const names = under.map(({ part }) => part.id).join(', ');
  const above = (key: string, sum: number, limit: number) => `the ${key} of ${names} add up to ${sum}, above ${limit}`;
  const remedy = 'lower them or raise the total';
  return [
    ...(stops > stopUsd ? [problem([...path, stopKey], above('dailyStopUsd', stops, stopUsd), remedy)] : []),
    ...(slots > positionsMax
      ? [problem([...path, 'positionsMax'], above('positionsMax', slots, positionsMax), remedy)]
      : []),
  ];
}

/** A stream serves few consumers, and only the first one has an ingester. */
export function streamProblems({ strategies }: Parts): Problem[] {
  const unfed = strategies
    .filter(({ part }) => part.stream !== 1)
    .map(({ index }) => problem(['strategies', index, 'stream'], 'only stream 1 is fed', 'set it to 1'));
  const standard = strategies.filter(({ part }) => part.latency === 'standard').slice(STANDARD_CONSUMERS_MAX);
  const fast = strategies.filter(({ part }) => part.latency === 'fast').slice(FAST_CONSUMERS_MAX);
  return [
    ...unfed,
    ...standard.map(({ index }) =>
      problem(
        ['strategies', index, 'latency'],
        `more than ${STANDARD_CONSUMERS_MAX} standard consumers on stream 1`,
        'set latency to fast',
      ),
    ),
    ...fast.map(({ index }) =>
      problem(
        ['strategies', index, 'latency'],
        `more than ${FAST_CONSUMERS_MAX} fast consumers on stream 1`,
        'set latency to standard',
      ),
    ),
  ];
}
