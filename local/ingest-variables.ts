import type { BarMarket } from './bar-market.ts';

/** Under which a run keeps the key of its source, whatever name the configuration has for the deployed one. */
export const KEY_SECRET_NAME = 'rooney/local/databento/key';

/** Say where a deployed service finds the simulator beside it, which is nowhere here. */
const ADDRESS_VARIABLES = ['LIVE_HOST', 'LIVE_PORT', 'HISTORICAL_URL'];

/** The variables of the ingest service: as they are deployed, but for its source, the key to it and the pace. */
export function ingestVariables(
  deployed: Readonly<Record<string, string>>,
  market: BarMarket,
  speed: number | 'max' | 'live',
): Record<string, string> {
  const kept = Object.entries(deployed).filter(([name]) => !ADDRESS_VARIABLES.includes(name));
  return {
    ...Object.fromEntries(kept),
    ...market.environment,
    KEY_SECRET: KEY_SECRET_NAME,
    // Without a speed slices come as the market makes them.
    ...(speed !== 'live' && { SPEED: speed === 'max' ? 'stepped' : String(speed) }),
  };
}
