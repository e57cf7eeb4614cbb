import { describe, expect, test } from 'vitest';
import { kindOf } from '#core/errors.ts';
import { readDatabento } from '#local/live-source.ts';

const DATABENTO_API_KEY = 'db-unittestapikey1234567890FFFFF';

describe('what --live connects to', () => {
  test('is the real Databento, with the key of the environment', () => {
    const source = readDatabento({ DATABENTO_API_KEY: ` ${DATABENTO_API_KEY}\n` });
    expect(source).toEqual({ kind: 'databento', key: DATABENTO_API_KEY, gateway: null, historicalUrl: null });
  });

  test('is what answers at other addresses, when they are named', () => {
    const addresses = { DATABENTO_GATEWAY: 'localhost:13000', DATABENTO_HISTORICAL_URL: 'http://localhost:13001' };
    expect(readDatabento({ DATABENTO_API_KEY, ...addresses })).toMatchObject({
      gateway: { host: 'localhost', port: 13_000 },
      historicalUrl: 'http://localhost:13001',
    });
  });

  test.each([
    [{}, /set DATABENTO_API_KEY/],
    [{ DATABENTO_API_KEY: ' ' }, /set DATABENTO_API_KEY/],
    [{ DATABENTO_API_KEY, DATABENTO_GATEWAY: 'localhost' }, /DATABENTO_GATEWAY "localhost".*127\.0\.0\.1:13000/],
    [{ DATABENTO_API_KEY, DATABENTO_GATEWAY: 'localhost:99999' }, /DATABENTO_GATEWAY/],
    [{ DATABENTO_API_KEY, DATABENTO_HISTORICAL_URL: 'here' }, /DATABENTO_HISTORICAL_URL "here".*http:/],
  ])('is refused when it cannot be, with the remedy and without the key: %j', (env, reason) => {
    try {
      readDatabento(env);
      expect.unreachable();
    } catch (error) {
      expect(kindOf(error)).toBe('contract');
      expect((error as Error).message).toMatch(reason);
      expect((error as Error).message).not.toContain(DATABENTO_API_KEY);
    }
  });
});
