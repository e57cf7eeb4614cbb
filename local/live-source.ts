import { contractError } from '#core/errors.ts';
import type { DatabentoSource } from './bar-market.ts';

/**
 * What `rooney local --live` connects to, by the environment of the person at the keyboard. Throws a contract error that
 * says what to set; the key is in none.
 */
export function readDatabento(env: Readonly<Record<string, string | undefined>>): DatabentoSource {
  const { DATABENTO_API_KEY: key, DATABENTO_GATEWAY: gateway, DATABENTO_HISTORICAL_URL: historicalUrl } = env;
  if (key === undefined || key.trim() === '') {
    throw contractError(
      '--live needs a Databento key: set DATABENTO_API_KEY to it (databento.com/portal/keys), or leave --live away to run ' +
        'on generated or recorded bars',
    );
  }
  if (historicalUrl && !URL.canParse(historicalUrl)) {
    throw contractError(
      `DATABENTO_HISTORICAL_URL "${historicalUrl}" is no address; write it like http://127.0.0.1:13001`,
    );
  }
  return {
    kind: 'databento',
    key: key.trim(),
    gateway: gateway ? readAddress(gateway) : null,
    historicalUrl: historicalUrl || null,
  };
}

function readAddress(text: string): { host: string; port: number } {
  const { host = '', port = '' } = /^(?<host>[^:\s]+):(?<port>\d{1,5})$/.exec(text)?.groups ?? {};
  const number = Number(port);
  if (host !== '' && number >= 1 && number <= 65_535) return { host, port: number };
  throw contractError(`DATABENTO_GATEWAY "${text}" is no address; write it like 127.0.0.1:13000`);
}
