const unitsNs: Readonly<Record<string, bigint>> = {
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
  d: 86_400_000_000_000n,
};

/** Reads a duration such as `90s`, `15m`, `2h`, `1d` or `250ms` as nanoseconds; undefined for anything else. */
export function parseDuration(text: string): bigint | undefined {
  const match = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text);
  return match === null ? undefined : BigInt(match[1]!) * unitsNs[match[2]!]!;
}
