import { describe, expect, test } from 'vitest';
import { checkConfig } from '#config/check.ts';
import { type RawConfig, rawConfig } from './raw-config.ts';

type Change = (raw: RawConfig) => void;
type Case = readonly [goal: string, change: Change, path: string, wrong: RegExp];

/** Turns the first account into one that sends real orders, with everything that those need. */
function sendRealOrders(raw: RawConfig): void {
  Object.assign(raw.ingest, { feed: 'databento', historyUsdMax: 5 });
  raw.certificate.entryGrade = 'proved';
  Object.assign(raw.accounts[0]!, { route: 'traderspost', webhookSecret: 'rooney/dev/traderspost/one' });
}

function addStandard(raw: RawConfig, total: number): void {
  for (let n = 2; n <= total; n++) {
    const limits = { positionsMax: 1, dailyStopUsd: 1 };
    raw.accounts.push({ ...raw.accounts[1]!, id: `more-${n}` });
    raw.strategies.push({ ...raw.strategies[1]!, id: `more-${n}`, account: `more-${n}`, latency: 'standard', limits });
  }
  raw.limits = { positionsMax: 100, dailyStopUsd: 100_000 };
}

const ids: Case[] = [
  ['two accounts of one id', (raw) => raw.accounts.push(raw.accounts[1]!), 'accounts[2].id', /used twice/],
  ['two strategies of one id', (raw) => (raw.strategies[1]!.id = 'first'), 'strategies[1].id', /used twice/],
  [
    'an id that would escape its key prefix',
    (raw) => (raw.strategies[0]!.id = 'a#b'),
    'strategies[0].id',
    /lower-case/,
  ],
  ['a strategy named like the global mode', (raw) => (raw.strategies[0]!.id = 'global'), 'strategies[0].id', /mode/],
  ['a root listed twice', (raw) => raw.market.universe.push('ES'), 'market.universe[4]', /twice/],
  ['a root nobody knows', (raw) => raw.market.universe.push('XX'), 'market.universe[4]', /unknown root XX/],
  ['a strategy on no account', (raw) => (raw.strategies[0]!.account = 'three'), 'strategies[0].account', /no account/],
];

const lines: Case[] = [
  [
    'a line outside the universe',
    (raw) => (raw.strategies[0]!.lines[0]!.root = 'YM'),
    'strategies[0].lines[0].root',
    /YM/,
  ],
  [
    'a traded root outside the universe',
    (raw) => (raw.strategies[0]!.lines[0]!.execute.root = 'YM'),
    'strategies[0].lines[0].execute.root',
    /YM/,
  ],
  [
    'two lines of a strategy on one root',
    (raw) => Object.assign(raw.strategies[0]!.lines[1]!, { root: 'ES', execute: { root: 'GC', contracts: 1 } }),
    'strategies[0].lines[1].root',
    /second line/,
  ],
  [
    'two strategies that the broker would net: ES and MES are one family',
    (raw) => {
      raw.strategies[1]!.account = 'one';
      Object.assign(raw.accounts[0]!, { dailyLossLimitUsd: 3000, positionsMax: 3 });
    },
    'strategies[1].lines[0].execute.root',
    /first and second trade ES and MES on account one/,
  ],
  [
    'two lines of one strategy that the broker would net',
    (raw) => (raw.strategies[0]!.lines[1]!.execute.root = 'MES'),
    'strategies[0].lines[1].execute.root',
    /nets/,
  ],
  [
    'a size given twice',
    (raw) => (raw.strategies[0]!.lines[0]!.execute.riskDollars = 100),
    'strategies[0].lines[0].execute',
    /exactly one/,
  ],
  ['no size', (raw) => (raw.strategies[0]!.lines[0]!.execute = {}), 'strategies[0].lines[0].execute', /exactly one/],
  [
    'a definition nobody wrote',
    (raw) => (raw.strategies[0]!.lines[0]!.definition = 'magic'),
    'strategies[0].lines[0].definition',
    /unknown definition 'magic'/,
  ],
  [
    'a definition named like a property of every object',
    (raw) => (raw.strategies[0]!.lines[0]!.definition = 'constructor'),
    'strategies[0].lines[0].definition',
    /unknown definition/,
  ],
  [
    'a parameter the definition does not know',
    (raw) => (raw.strategies[0]!.lines[0]!.params = { barStopBar: 3 }),
    'strategies[0].lines[0].params.barStopBar',
    /unknown key/,
  ],
  [
    'a parameter of the wrong kind',
    (raw) => (raw.strategies[0]!.lines[0]!.params = { enterIbs: { low: 'x' } }),
    'strategies[0].lines[0].params.enterIbs.low',
    /expected number/,
  ],
  [
    'entries up to the auto close',
    (raw) => (raw.strategies[0]!.lines[0]!.params = { noEntryBeforeCloseMin: 0 }),
    'strategies[0].lines[0].params.noEntryBeforeCloseMin',
    />=1/,
  ],
];

const totals: Case[] = [
  [
    'daily stops above the loss limit of the account',
    (raw) => (raw.accounts[0]!.dailyLossLimitUsd = 1999),
    'accounts[0].dailyLossLimitUsd',
    /add up to 2000, above 1999/,
  ],
  [
    'daily stops above the total',
    (raw) => (raw.limits.dailyStopUsd = 2999),
    'limits.dailyStopUsd',
    /first, second add up to 3000, above 2999/,
  ],
  [
    'slots above those of the account',
    (raw) => (raw.accounts[0]!.positionsMax = 1),
    'accounts[0].positionsMax',
    /2, above 1/,
  ],
  ['slots above the total', (raw) => (raw.limits.positionsMax = 2), 'limits.positionsMax', /3, above 2/],
  ['a fifth standard consumer', (raw) => addStandard(raw, 5), 'strategies[5].latency', /more than 4 standard/],
  ['a stream that nobody feeds', (raw) => (raw.strategies[0]!.stream = 2), 'strategies[0].stream', /only stream 1/],
  ['memory that Fargate does not offer', (raw) => (raw.ingest.memoryMiB = 8192), 'ingest.memoryMiB', /Fargate/],
];

const routes: Case[] = [
  [
    'an account that sends orders without a secret',
    (raw) => delete raw.accounts[0]!.webhookSecret,
    'accounts[0].webhookSecret',
    /route sandbox needs it/,
  ],
  [
    'a secret of an account that sends nothing',
    (raw) => (raw.accounts[1]!.webhookSecret = 'rooney/dev/none/two'),
    'accounts[1].webhookSecret',
    /sends nothing/,
  ],
  [
    'the secret of another environment',
    (raw) => (raw.accounts[0]!.webhookSecret = 'rooney/prod/traderspost/one'),
    'accounts[0].webhookSecret',
    /another environment/,
  ],
  [
    'two accounts behind one webhook',
    (raw) => Object.assign(raw.accounts[1]!, { route: 'sandbox', webhookSecret: 'rooney/dev/sandbox/one' }),
    'accounts[1].webhookSecret',
    /same as of account 'one'/,
  ],
  [
    'real orders from generated bars',
    (raw) => {
      sendRealOrders(raw);
      raw.ingest = { ...raw.ingest, feed: 'simulator', historyUsdMax: undefined };
    },
    'accounts[0].route',
    /generated bars/,
  ],
  [
    'real orders from bars that are only presumed',
    (raw) => {
      sendRealOrders(raw);
      raw.certificate.entryGrade = 'presumed';
    },
    'accounts[0].route',
    /proved/,
  ],
];

const feeds: Case[] = [
  ['a feed without its key', (raw) => delete raw.ingest.keySecret, 'ingest.keySecret', /feed simulator needs it/],
  [
    'the key of another environment',
    (raw) => (raw.ingest.keySecret = 'rooney/prod/databento/key'),
    'ingest.keySecret',
    /another environment/,
  ],
  [
    'a key that is kept with a webhook address',
    (raw) => (raw.ingest.keySecret = raw.accounts[0]!.webhookSecret),
    'ingest.keySecret',
    /same as of a webhook/,
  ],
  [
    'billed history without a limit',
    (raw) => (raw.ingest.feed = 'databento'),
    'ingest.historyUsdMax',
    /history is billed/,
  ],
  ['a limit where nothing is billed', (raw) => (raw.ingest.historyUsdMax = 5), 'ingest.historyUsdMax', /bills nothing/],
  ['a key that nobody uses', (raw) => (raw.ingest.feed = 'none'), 'ingest.keySecret', /reads nothing/],
];

describe('a configuration is refused', () => {
  test.each([...ids, ...lines, ...totals, ...routes, ...feeds])(
    'for %s, and for nothing else',
    (_goal, change, path, wrong) => {
      const { config, problems } = checkConfig(rawConfig(change));
      expect(config).toBeNull();
      expect(problems.map((problem) => problem.path)).toEqual([path]);
      expect(problems[0]!.wrong).toMatch(wrong);
      expect(problems[0]!.remedy).not.toBe('');
    },
  );

  test.each(['https://traderspost.io/trading/webhook/a/b', 'webhooks.traderspost.io/trading/webhook/a/b', 'my secret'])(
    'for a webhook address where the name of a secret belongs, without repeating it: %s',
    (address) => {
      const { problems } = checkConfig(rawConfig((raw) => (raw.accounts[0]!.webhookSecret = address)));
      expect(problems.map(({ path }) => path)).toEqual(['accounts[0].webhookSecret']);
      expect(JSON.stringify(problems)).not.toContain(address);
    },
  );

  test('for a Databento key where the name of its secret belongs, without repeating it', () => {
    const key = 'db-unittestapikey1234567890FFFFF';
    const { problems } = checkConfig(rawConfig((raw) => (raw.ingest.keySecret = key)));
    expect(problems.map(({ path }) => path)).toEqual(['ingest.keySecret']);
    expect(JSON.stringify(problems)).not.toContain(key);
  });

  test('for every unknown key, wherever it stands', () => {
    const raw = rawConfig((changed) => {
      Object.assign(changed, { extra: 1 });
      Object.assign(changed.market, { symbols: [] });
      Object.assign(changed.strategies[1]!.lines[0]!.execute, { size: 1 });
    });
    const { problems } = checkConfig(raw);
    expect(new Set(problems.map(({ path, wrong }) => `${path}: ${wrong}`))).toEqual(
      new Set([
        'extra: unknown key',
        'market.symbols: unknown key',
        'strategies[1].lines[0].execute.size: unknown key',
      ]),
    );
  });

  test('with everything that is wrong at once: shapes, parameters and how the parts fit', () => {
    const raw = rawConfig((changed) => {
      Object.assign(changed, { extra: 1 });
      Object.assign(changed.fills, { slippageTicks: 'one' });
      Object.assign(changed.accounts[1]!, { colour: 'blue' });
      changed.accounts[1]!.positionsMax = 0.5;
      changed.strategies[0]!.lines[1]!.params = { target: { kind: 'percent' } };
      changed.strategies[1]!.account = 'one';
      changed.limits.positionsMax = 1;
    });
    const paths = checkConfig(raw).problems.map(({ path }) => path);
    expect(new Set(paths)).toEqual(
      new Set([
        'extra',
        'fills.slippageTicks',
        'accounts[1].colour',
        'accounts[1].positionsMax',
        'strategies[0].lines[1].params.target.percent',
        'strategies[1].lines[0].execute.root',
        'accounts[0].dailyLossLimitUsd',
        'accounts[0].positionsMax',
        'limits.positionsMax',
      ]),
    );
  });

  test.each([[null], ['text'], [[]], [7]])('when it is not a table of keys: %j', (raw) => {
    expect(checkConfig(raw).problems.length).toBeGreaterThan(0);
  });
});

describe('a configuration is taken', () => {
  test('with defaults of parameters and traded roots filled in, as plain data', () => {
    const { config } = checkConfig(rawConfig());
    expect(config!.strategies[0]!.lines.map(({ execute }) => execute.root)).toEqual(['ES', 'NQ']);
    expect(config!.strategies[1]!.lines[0]!.execute.root).toBe('MES');
    expect(config!.strategies[0]!.lines[0]!.params).toMatchObject({ barStopBars: 8, noEntryBeforeCloseMin: 30 });
    expect(structuredClone(config)).toEqual(config);
  });

  test.each<[string, Change]>([
    ['four standard consumers and a fast one', (raw) => addStandard(raw, 4)],
    ['real orders, when bars are live and proved', sendRealOrders],
    ['no feed at all', (raw) => (raw.ingest = { ...raw.ingest, feed: 'none', keySecret: undefined })],
    ['limits that fit to the dollar', (raw) => (raw.limits = { positionsMax: 3, dailyStopUsd: 3000 })],
  ])('with %s', (_goal, change) => {
    expect(checkConfig(rawConfig(change)).problems).toEqual([]);
  });
});
