import { errorCodes, fatalErrorCodes, rtypes, systemCodes, UNDEF_TIMESTAMP } from '../dbn/enums.ts';
import type { AnyView, LayoutView } from '../dbn/record.ts';
import { schemaIn, subscriptionIdIn, symbolIn } from './gateway-text.ts';
import type { LiveClock } from './live-clock.ts';
import type { LiveNotice } from './live-event.ts';
import type { LiveMeters } from './live-meters.ts';
import type { Resume } from './resume.ts';
import type { SubscriptionBook } from './subscription-book.ts';
import type { SymbolMap } from './symbol-map.ts';

/** Whoever takes what the client delivers. */
export interface LiveConsumer {
  /** The view is valid until it returns. */
  onRecord(view: AnyView): void;
  onNotice(notice: LiveNotice): void;
}

/** An error with which the gateway ends a session. */
export interface GatewayError {
  readonly code: number;
  readonly message: string;
}

/** What sessions share. */
export interface LiveParts {
  readonly book: SubscriptionBook;
  readonly symbols: SymbolMap;
  readonly resume: Resume;
  readonly meters: LiveMeters;
  readonly consumer: LiveConsumer;
  readonly clock: LiveClock;
}

/** What a record may lead to. Either closes the session, after which no further record comes. */
export interface RouterOutcome {
  /** The gateway has said all that it wants to say. */
  readonly onOver: () => void;
  /** The consumer threw. */
  readonly onFailure: (error: unknown) => void;
}

/**
 * Sends each record of a session to the consumer unless it was delivered before. What the gateway says about the session
 * also becomes state and, behind the record that says it, a notice.
 */
export class RecordRouter {
  readonly #parts: LiveParts;
  readonly #outcome: RouterOutcome;
  #gatewayError: GatewayError | null = null;
  #hasCompletedReplay = false;

  constructor(parts: LiveParts, outcome: RouterOutcome) {
    this.#parts = parts;
    this.#outcome = outcome;
  }

  /** Why the gateway ends the session, if it said so. */
  get gatewayError(): GatewayError | null {
    return this.#gatewayError;
  }

  get hasCompletedReplay(): boolean {
    return this.#hasCompletedReplay;
  }

  onRecord(view: AnyView): void {
    const { meters, resume } = this.#parts;
    meters.records += 1;
    const rtype = view.window.bytes.getUint8(view.window.at + 1);
    if (view.layout === 'unknown') {
      meters.unknownRecords += 1;
      this.#deliver(view);
    } else if (rtype >= rtypes.error && rtype <= rtypes.system) {
      this.#onMessage(view);
    } else if (resume.accept(view)) {
      meters.sample(view);
      this.#deliver(view);
    } else {
      meters.duplicates += 1;
    }
  }

  /** Tells the consumer what has happened. */
  notify(notice: LiveNotice): void {
    try {
      this.#parts.consumer.onNotice(notice);
    } catch (error) {
      this.#outcome.onFailure(error);
    }
  }

  #deliver(view: AnyView): void {
    try {
      this.#parts.consumer.onRecord(view);
    } catch (error) {
      this.#outcome.onFailure(error);
    }
  }

  /** What the gateway says about the session: state is brought up to date, then it is delivered, then explained. */
  #onMessage(view: AnyView): void {
    if (view.layout === 'system_v2') this.#onSystem(view);
    else if (view.layout === 'error_v2') this.#onError(view);
    else if (view.layout === 'symmap_v2') this.#onMapping(view);
  }

  #onMapping(view: LayoutView<'symmap_v2'>): void {
    const { instrument_id: instrumentId } = view;
    const change = this.#parts.symbols.map(instrumentId, view.stype_in_symbol, view.stype_out_symbol);
    this.#deliver(view);
    if (change !== null) this.notify({ kind: 'symbol-changed', instrumentId, ...change });
  }

  #onSystem(view: LayoutView<'system_v2'>): void {
    const gatewayNs = view.ts_event === UNDEF_TIMESTAMP ? 0n : view.ts_event;
    const { msg: message, code } = view;
    if (code === systemCodes.endOfInterval && this.#isOldMarker(message, gatewayNs)) {
      this.#parts.meters.duplicates += 1;
      return;
    }
    this.#parts.resume.heard(gatewayNs, code === systemCodes.heartbeat);
    this.#deliver(view);
    if (code === systemCodes.heartbeat) this.#parts.meters.heartbeats += 1;
    else if (code === systemCodes.subscriptionAck) this.#onAck(message, gatewayNs);
    else if (code === systemCodes.replayCompleted) this.#onReplayCompleted(message);
    else if (code === systemCodes.slowReaderWarning) this.#onSlowReader(message, false);
  }

  #isOldMarker(message: string, endNs: bigint): boolean {
    const schema = schemaIn(message);
    return schema !== null && !this.#parts.resume.acceptMarker(schema, endNs);
  }

  #onAck(message: string, gatewayNs: bigint): void {
    const { resume, book } = this.#parts;
    const subscriptionId = subscriptionIdIn(message);
    if (subscriptionId !== null) {
      book.acknowledge(subscriptionId);
      if (gatewayNs > 0n) resume.acknowledged(subscriptionId, gatewayNs);
    }
    this.notify({ kind: 'subscribed', subscriptionId, message });
  }

  #onReplayCompleted(message: string): void {
    const schema = schemaIn(message);
    if (schema !== null) this.#parts.resume.replayCompleted(schema, this.#parts.clock.monotonic());
    this.#hasCompletedReplay = true;
    this.notify({ kind: 'replay-completed', schema, message });
  }

  #onSlowReader(message: string, isSkipping: boolean): void {
    this.#parts.meters.slowReaderWarnings += 1;
    this.notify({ kind: 'slow-reader', isSkipping, message });
  }

  #onError(view: LayoutView<'error_v2'>): void {
    const { code, err: message, is_last: isLast } = view;
    if (view.ts_event !== UNDEF_TIMESTAMP) this.#parts.resume.heard(view.ts_event, false);
    this.#deliver(view);
    if (code === errorCodes.symbolResolutionFailed) {
      this.#onSymbolError(message);
    } else if (code === errorCodes.skippedRecordsAfterSlowReading) {
      this.#onSlowReader(message, true);
    } else if (fatalErrorCodes.has(code)) {
      this.#gatewayError ??= { code, message };
      if (isLast !== 0) this.#outcome.onOver();
    } else {
      this.notify({ kind: 'gateway-error', code, message });
    }
  }

  #onSymbolError(message: string): void {
    const { meters, symbols, book } = this.#parts;
    const symbol = symbolIn(message, book.symbols());
    meters.symbolErrors += 1;
    if (symbol !== null) symbols.fail(symbol, message);
    this.notify({ kind: 'symbol-error', symbol, message });
  }
}
