/** The q-quantile (q in [0, 1]) of a list that need not be sorted, nearest rank. NaN when it is empty. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? Number.NaN;
}

/** A result against its bound, as one line: what, how much, the bound, and their ratio. */
export function against(what: string, value: number, { unit, bound }: { unit: string; bound: number }): string {
  const verdict = value <= bound ? 'within' : 'ABOVE';
  return `${what.padEnd(58)} ${value.toFixed(1).padStart(9)} ${unit.padEnd(4)} ${verdict} ${bound} ${unit} (${(value / bound).toFixed(2)} of it)`;
}
