import { Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { Config } from '#config/schema.ts';
import { BarAge } from './constructs/bar-age.ts';
import { IngestService } from './constructs/ingest-service.ts';
import { keepingOf } from './constructs/keeping.ts';
import { MarketStream } from './constructs/market-stream.ts';
import { Modes } from './constructs/modes.ts';
import { Network } from './constructs/network.ts';
import { OnnxLayer } from './constructs/onnx-layer.ts';
import { StrategyUnit } from './constructs/strategy-unit.ts';
import { Tables } from './constructs/tables.ts';
import { Watch } from './constructs/watch.ts';

/** A checked configuration and the file it was read from, absolute. */
export interface RooneyStackProps {
  readonly config: Config;
  readonly configPath: string;
}

/** One environment: bars flow in, intents flow out, everything is watched. */
export class RooneyStack extends Stack {
  constructor(scope: Construct, id: string, { config, configPath }: RooneyStackProps) {
    // Without an account and a region nothing has to be looked up, so synthesis needs no network and no credentials.
    super(scope, id, { terminationProtection: config.environment === 'prod' });
    const { environment } = config;
    const keeping = keepingOf(environment);

    const { vpc } = new Network(this, 'Network');
    const tables = new Tables(this, 'Tables', { keeping });
    const market = new MarketStream(this, 'Market', { keeping });
    new IngestService(this, 'Ingest', { config, vpc, market, tables, keeping });

    const modes = new Modes(this, 'Modes', { environment });
    const onnx = new OnnxLayer(this, 'Onnx');
    const units = config.strategies.map((strategy) => {
      const account = config.accounts.find(({ id: name }) => name === strategy.account)!;
      const joined = { environment, configPath, market, tables, modes, onnx, keeping };
      return new StrategyUnit(this, strategy.id, { ...joined, strategy, account });
    });

    const barAge = new BarAge(this, 'BarAge', { environment, universe: config.market.universe, tables, keeping });
    new Watch(this, 'Watch', { config, barAge, units });
  }
}
