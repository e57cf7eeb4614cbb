import type { DbnMetadata } from '../dbn/metadata.ts';
import type { DefinitionRecord } from '../dbn/record.ts';
import { readRawSymbol } from './raw-symbol.ts';
import type { GatewayInstrument } from './source.ts';

/** An instrument, and until when the source says that its id means it; null when it does not say. */
interface Entry extends GatewayInstrument {
  readonly untilNs: bigint | null;
}

const NS_PER_MS = 1_000_000n;
/** Texts that were asked for and are no instruments themselves: parents and continuous symbols. */
const alias = /\.(FUT|OPT|[cnv]\.\d+)$/;

/** The instruments of DBN files, from their metadata, their symbol mappings and their definitions. */
export class InstrumentList {
  readonly #entries = new Map<number, Entry[]>();

  /** Takes what the header of a file says about its symbols. */
  addMetadata({ mappings, stype_in }: DbnMetadata): void {
    for (const { raw_symbol, intervals } of mappings) {
      for (const { start_date, end_date, symbol } of intervals) {
        const [id, rawSymbol] = stype_in === 'instrument_id' ? [raw_symbol, symbol] : [symbol, raw_symbol];
        if (!/^\d+$/.test(id) || rawSymbol === '') continue;
        const listedNs = dateNs(start_date);
        const facts = readRawSymbol(rawSymbol, listedNs);
        const untilNs = dateNs(end_date);
        this.#add({ instrumentId: Number(id), rawSymbol, ...facts, listedNs, untilNs });
      }
    }
  }

  /** Takes what a symbol mapping of a time says. */
  addMapping(instrumentId: number, rawSymbol: string, atNs: bigint): void {
    const known = this.find(instrumentId, atNs);
    if (known !== undefined && (known.rawSymbol === rawSymbol || alias.test(rawSymbol))) return;
    this.#add({ instrumentId, rawSymbol, ...readRawSymbol(rawSymbol, atNs), listedNs: null, untilNs: null });
  }

  /** Takes an instrument definition, which knows best. */
  addDefinition({
    instrument_id,
    raw_symbol,
    asset,
    instrument_class,
    activation,
    expiration,
  }: DefinitionRecord): void {
    const facts = readRawSymbol(raw_symbol, activation);
    const group = ['C', 'P', 'T'].includes(instrument_class) ? 'OPT' : 'FUT';
    this.#add({
      instrumentId: instrument_id,
      rawSymbol: raw_symbol,
      parents: asset === '' ? facts.parents : [`${asset}.${group}`],
      isSpread: ['S', 'T', 'M'].includes(instrument_class),
      expiryNs: isTime(expiration) ? expiration : facts.expiryNs,
      listedNs: isTime(activation) ? activation : null,
      untilNs: null,
    });
  }

  /** Those that exist at a time. */
  at(timeNs: bigint): readonly GatewayInstrument[] {
    const found: GatewayInstrument[] = [];
    for (const entries of this.#entries.values()) {
      for (const entry of entries) if (isListed(entry, timeNs)) found.push(entry);
    }
    return found;
  }

  /** What an id means at a time, or the last that it meant. */
  find(instrumentId: number, atNs: bigint): GatewayInstrument | undefined {
    const entries = this.#entries.get(instrumentId);
    return entries?.find((entry) => isListed(entry, atNs)) ?? entries?.at(-1);
  }

  #add(entry: Entry): void {
    // What an id was asked for by gives way to its own symbol, and a day's mapping to that of more days.
    const others = (this.#entries.get(entry.instrumentId) ?? []).filter(
      ({ rawSymbol }) => rawSymbol !== entry.rawSymbol && (alias.test(entry.rawSymbol) || !alias.test(rawSymbol)),
    );
    const before = this.#entries.get(entry.instrumentId)?.find(({ rawSymbol }) => rawSymbol === entry.rawSymbol);
    const listedNs = before === undefined ? entry.listedNs : earlier(before.listedNs, entry.listedNs);
    const untilNs = before === undefined ? entry.untilNs : later(before.untilNs, entry.untilNs);
    this.#entries.set(entry.instrumentId, [...others, { ...entry, listedNs, untilNs }]);
  }
}

function isListed({ listedNs, untilNs, expiryNs }: Entry, atNs: bigint): boolean {
  if (listedNs !== null && atNs < listedNs) return false;
  // A file says more surely than the calendar until when an instrument was there.
  const endNs = untilNs ?? expiryNs;
  return endNs === null || atNs < endNs;
}

function isTime(timeNs: bigint): boolean {
  return timeNs > 0n && BigInt.asIntN(64, timeNs) > 0n;
}

function earlier(a: bigint | null, b: bigint | null): bigint | null {
  if (a === null || b === null) return null;
  return a < b ? a : b;
}

function later(a: bigint | null, b: bigint | null): bigint | null {
  if (a === null || b === null) return null;
  return a > b ? a : b;
}

/** Midnight UTC of a date as the number YYYYMMDD. */
function dateNs(date: number): bigint {
  const [year, month, day] = [Math.floor(date / 10_000), Math.floor(date / 100) % 100, date % 100];
  return BigInt(Date.UTC(year, month - 1, day)) * NS_PER_MS;
}
