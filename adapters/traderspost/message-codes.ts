import type { RefusalFamily } from '#core/execution/outcome.ts';

/** The message codes that TradersPost documents, by who has to act on them; stop, target and option codes included. */
export const messageCodes = {
  CONFIG: [
    'not-found',
    'invalid-password',
    'not-trading-view',
    'not-trend-spider',
    'invalid-ip-address',
    'invalid-ip-address-format',
  ],
  RATE: ['too-many-requests'],
  SYMBOL: [
    'empty-ticker-name',
    'ticker-does-not-exist',
    'unsupported-ticker',
    'invalid-asset-class',
    'invalid-ticker-and-option-type',
  ],
  PAYLOAD: [
    'post-required',
    'empty-json',
    'malformed-json',
    'invalid-payload',
    'invalid-action',
    'invalid-sentiment',
    'invalid-sentiment-action',
    'invalid-order-type',
    'invalid-trailing-stop',
    'invalid-time-in-force',
    'invalid-extended-hours',
    'invalid-expires-at',
    'invalid-message-length',
    'invalid-message-tags',
    'invalid-quantity',
    'invalid-quantity-type',
    'invalid-quantity-type-action',
    'quantity-type-requires-quantity',
    'invalid-quantity-type-for-asset-class',
    'invalid-risk-dollar-amount-action',
    'invalid-percent-of-position-action',
    'invalid-take-profit-percent',
    'invalid-take-profit-amount',
    'invalid-take-profit-limit-price',
    'invalid-take-profit-amount-and-percent',
    'invalid-take-profit-relative-and-absolute',
    'invalid-take-profit-value-required',
    'invalid-stop-loss-type',
    'invalid-stop-loss-percent',
    'invalid-stop-loss-amount',
    'invalid-stop-loss-stop-price',
    'invalid-stop-loss-limit-price',
    'invalid-stop-loss-trail-price',
    'invalid-stop-loss-trail-amount',
    'invalid-stop-loss-trail-percent',
    'invalid-stop-loss-trail-value',
    'invalid-stop-loss-trail-value-required',
    'invalid-stop-loss-amount-and-percent',
    'invalid-stop-loss-relative-and-absolute',
    'invalid-stop-loss-stop-price-required',
    'invalid-stop-loss-value-required',
    'invalid-option-type',
    'invalid-intrinsic-value',
    'invalid-expiration',
    'invalid-strike-count',
    'invalid-strikes-away',
    'invalid-strike-price',
  ],
} as const satisfies Record<RefusalFamily, readonly string[]>;

/** A documented message code. */
export type MessageCode = (typeof messageCodes)[RefusalFamily][number];

const familyByCode = new Map<string, RefusalFamily>(
  (Object.keys(messageCodes) as RefusalFamily[]).flatMap((family) =>
    messageCodes[family].map((code): [string, RefusalFamily] => [code, family]),
  ),
);

/** The family of a refusal. A code we do not know yet is judged by its status: 404 access, 429 rate, 400 payload. */
export function familyOf(code: string, status: 400 | 404 | 429): RefusalFamily {
  return familyByCode.get(code) ?? ({ 400: 'PAYLOAD', 404: 'CONFIG', 429: 'RATE' } as const)[status];
}
