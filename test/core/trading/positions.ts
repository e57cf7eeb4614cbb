import type { Position } from '#core/trading/position.ts';

/** A long position of two ES contracts from 100, accepted and filled at midnight of a Tuesday, unless said otherwise. */
export function aPosition(changed: Partial<Position> = {}): Position {
  return {
    contract: 'ESZ2024',
    tradedRoot: 'ES',
    signalContract: 'ESZ2024',
    side: 'long',
    quantity: 2,
    signalPrice: 100,
    decisionTimeMs: Date.UTC(2024, 10, 12, 6),
    plan: {
      stop: { kind: 'fraction', value: 0.01 },
      target: { kind: 'fraction', value: 0.02 },
      brokerStop: { kind: 'fraction', value: 0.015 },
      barStopBars: 8,
      autoCloseMinute: 15 * 60,
    },
    signalTimeframe: '1h',
    brokerStopPrice: 98.5,
    autoCloseAtMs: Date.UTC(2024, 10, 12, 21),
    acceptedAtMs: Date.UTC(2024, 10, 12, 6),
    fillPrice: 100,
    filledAtMs: Date.UTC(2024, 10, 12, 6),
    mark: 100,
    assumed: false,
    brokerExitPrice: null,
    ...changed,
  };
}
