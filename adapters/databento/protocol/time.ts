const TIME = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?)?(Z|[+-]\d{2}:?\d{2})?$/;
const NS_PER_MS = 1_000_000n;
const U64_MAX = 0xffff_ffff_ffff_ffffn;

/** Reads nanoseconds since the epoch in decimal, or ISO 8601 to the nanosecond (UTC without a zone); undefined if neither. */
export function parseTime(text: string): bigint | undefined {
  if (/^\d{1,20}$/.test(text)) return BigInt(text) <= U64_MAX ? BigInt(text) : undefined;
  const match = TIME.exec(text);
  if (match === null) return undefined;
  const [, date, minute = '00:00', second = '00', fraction = '', zone = 'Z'] = match;
  const ms = Date.parse(`${date}T${minute}:${second}${zone.replace(/^(.\d{2})(\d{2})$/, '$1:$2')}`);
  if (Number.isNaN(ms) || ms < 0) return undefined;
  const ns = BigInt(ms) * NS_PER_MS + BigInt(fraction.padEnd(9, '0'));
  return ns <= U64_MAX ? ns : undefined;
}
