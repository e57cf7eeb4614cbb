import { describe, expect, test } from 'vitest';
import { readLocalFlags } from '#local/local-flags.ts';

describe('the arguments of rooney local', () => {
  test('without any: generated bars of seed 1, as fast as possible, staying up', () => {
    expect(readLocalFlags([])).toMatchObject({
      data: null,
      seed: 1,
      sessions: null,
      speed: 'max',
      once: false,
      json: false,
    });
  });

  test('--live goes as the market does', () => {
    expect(readLocalFlags(['--live'])).toMatchObject({ live: true, speed: 'live' });
  });

  test.each([
    [['--speed', '0'], /--speed/],
    [['--speed', 'fast'], /--speed/],
    [['--seed', '1.5'], /--seed/],
    [['--sessions', '0'], /--sessions/],
    [['--sessions', '99999999'], /--sessions .* to 1000/],
    [['--from', '1990-01-02'], /not a date .* from 2008/],
    [['--data', ''], /empty/],
    [['--from', '2013-10-32'], /not a date/],
    [['--to', '10/09/2013'], /not a date/],
    [['--from', '2013-10-10', '--to', '2013-10-09'], /after/],
    [['--data', 'x.csv', '--seed', '2'], /generated/],
    [['--to', '2013-10-09', '--sessions', '2'], /give one/],
    [['--live', '--speed', '2'], /--live .* --speed has no meaning/],
    [['--live', '--once'], /--live .* --once has no meaning/],
    [['--nonsense'], /nonsense/],
    [['file.csv'], /file\.csv/],
  ])('%j is wrong usage', (args, message) => {
    expect(readLocalFlags(args)).toMatch(message);
  });
});
