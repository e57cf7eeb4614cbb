import type { Schema } from '../dbn/enums.ts';
import type { GatewayContext } from './context.ts';
import { withMarkers } from './markers.ts';
import { type MergeInput, mergeBatches } from './merged-batches.ts';
import type { RecordBatch } from './record-batch.ts';

/** Which records a session reads from the source. */
export interface PassQuery {
  readonly schemas: ReadonlySet<Schema>;
  readonly fromNs: bigint;
  /** Until when markers are made although no record follows; null for a pass to the end of the source. */
  readonly untilNs: bigint | null;
}

/** A pass over the source, with the markers that the gateway makes itself. */
export function openPass({ source }: GatewayContext, query: PassQuery): AsyncIterable<RecordBatch> {
  const { schemas, fromNs, untilNs } = query;
  const batches = source.records({ schemas, fromNs });
  if (source.hasMarkers) return batches;
  // Of what the source has no records of nothing can be said to be complete.
  const marked = [...schemas].filter((schema) => source.schemas.has(schema));
  return withMarkers(batches, { schemas: marked, fromNs, untilNs });
}

/** What a session reads live: more schemas may come in while it goes on. */
export class LiveFeed {
  readonly #context: GatewayContext;
  readonly #schemas = new Set<Schema>();
  #batches: AsyncIterator<RecordBatch> = none();
  /** Everything that has to be closed; what has closed by itself takes no harm. */
  readonly #opened: AsyncIterator<RecordBatch>[] = [];

  constructor(context: GatewayContext) {
    this.#context = context;
  }

  async next(): Promise<RecordBatch | null> {
    const next = await this.#batches.next();
    return next.done === true ? null : next.value;
  }

  /** Whether any of the schemas is not read yet. */
  misses(schemas: ReadonlySet<Schema>): boolean {
    return [...schemas].some((schema) => !this.#schemas.has(schema));
  }

  /**
   * Adds those schemas that are not read yet, from a time on; `rest` is what of the last batch has not been used, and
   * comes again.
   */
  include(schemas: ReadonlySet<Schema>, fromNs: bigint, rest: RecordBatch | null): void {
    const added = new Set([...schemas].filter((schema) => !this.#schemas.has(schema)));
    const [isFirst, before] = [this.#schemas.size === 0, this.#batches];
    for (const schema of added) this.#schemas.add(schema);
    const open = (): AsyncIterable<RecordBatch> => openPass(this.#context, { schemas: added, fromNs, untilNs: null });
    const going: MergeInput = { startNs: 0n, open: () => continued(rest, before) };
    this.#batches = isFirst ? open()[Symbol.asyncIterator]() : mergeBatches([going, { startNs: 0n, open }]);
    this.#opened.push(this.#batches);
  }

  async close(): Promise<void> {
    for (const batches of this.#opened.reverse()) await batches.return?.();
  }
}

async function* none(): AsyncGenerator<RecordBatch, void, undefined> {}

async function* continued(
  rest: RecordBatch | null,
  batches: AsyncIterator<RecordBatch>,
): AsyncGenerator<RecordBatch, void, undefined> {
  if (rest !== null) yield rest;
  for (let next = await batches.next(); next.done !== true; next = await batches.next()) yield next.value;
}
