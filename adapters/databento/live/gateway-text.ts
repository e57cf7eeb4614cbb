import { type Schema, schemas } from '../dbn/enums.ts';

/** The number of the subscription that a message is about; null when it names none. */
export function subscriptionIdIn(message: string): number | null {
  const match = /\b(?:request|subscription|id)\W{0,3}(\d{1,10})\b/i.exec(message);
  return match === null ? null : Number(match[1]);
}

/** The schema that a message is about; null when it names none. */
export function schemaIn(message: string): Schema | null {
  const words = new Set(message.match(/[\w-]+/g));
  return schemas.find((schema) => words.has(schema)) ?? null;
}

/** Which of the symbols a message is about; null when it names none. */
export function symbolIn(message: string, symbols: Iterable<string>): string | null {
  let longest: string | null = null;
  for (const symbol of symbols) {
    if (symbol.length > (longest?.length ?? 0) && hasWord(message, symbol)) longest = symbol;
  }
  return longest;
}

/** Whether a symbol stands in a message by itself, not as a part of another one. */
function hasWord(message: string, symbol: string): boolean {
  for (let at = message.indexOf(symbol); at !== -1; at = message.indexOf(symbol, at + 1)) {
    const before = message[at - 1] ?? ' ';
    const after = message.slice(at + symbol.length);
    // A full stop ends a symbol only if it ends the sentence.
    if (!/[\w.-]/.test(before) && !/^(?:\w|[.-]\w)/.test(after)) return true;
  }
  return false;
}
