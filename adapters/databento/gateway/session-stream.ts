import { errorCodes, fatalErrorCodes, type Schema } from '../dbn/enums.ts';
import type { GatewayContext } from './context.ts';
import { FaultDraws, type Strike } from './faults.ts';
import { errorRecord, heartbeat, slowReaderWarning, symbolMapping, unknownRecord } from './gateway-records.ts';
import type { SessionSettings } from './handshake.ts';
import { skippableSchemas } from './intervals.ts';
import { MarketSender } from './market-sender.ts';
import { MarketStream } from './market-stream.ts';
import type { Outlet } from './outlet.ts';
import { Router } from './router.ts';
import { SessionWriter } from './session-writer.ts';
import type { GatewayInstrument } from './source.ts';
import { subscribe, type WholeRequest } from './subscriber.ts';
import type { ClockSeat } from './virtual-clock.ts';

export interface StreamOptions {
  readonly context: GatewayContext;
  readonly outlet: Outlet;
  readonly settings: SessionSettings;
  /** From 1, in order of connection. */
  readonly sessionNumber: number;
}

const MINUTE_NS = 60_000_000_000n;
/** How far behind a reader is said to be who is called slow on request; then a minute is left out. */
const SLOW_MS = 3000;
/** The binary part of a session: metadata, acknowledgements, replays, and then the market as it comes. */
export class SessionStream {
  readonly #context: GatewayContext;
  readonly #outlet: Outlet;
  readonly #settings: SessionSettings;
  readonly #writer: SessionWriter;
  readonly #router: Router;
  readonly #sender: MarketSender;
  readonly #draws: FaultDraws;
  readonly #market: MarketStream;
  #seat: ClockSeat | null = null;
  #hasBegun = false;
  /** Subscriptions are taken one after the other. */
  #subscribing: Promise<void> = Promise.resolve();
  #onSubscribed: () => void = () => undefined;

  constructor({ context, outlet, settings, sessionNumber }: StreamOptions) {
    const { source, clock, disturbances, version } = context;
    this.#context = context;
    this.#outlet = outlet;
    this.#settings = settings;
    this.#draws = new FaultDraws(context.seed, sessionNumber);
    const { tsOut } = settings;
    this.#writer = new SessionWriter({ outlet, version, tsOut, now: () => clock.now() });
    this.#router = new Router({
      source,
      disturbances,
      onMapping: (match, { stypeIn }) => {
        this.#sender.settle();
        this.#writer.speak(symbolMapping(match, stypeIn, clock.now()));
      },
    });
    this.#sender = new MarketSender({
      writer: this.#writer,
      router: this.#router,
      disturbances,
      draws: this.#draws,
      onStrike: (strike) => {
        this.strike(strike);
        return !this.#isOver;
      },
      onSkipped: (schema, records) => this.#skipped(schema, records),
    });
    this.#market = new MarketStream({
      ...{ context, outlet, writer: this.#writer, router: this.#router, sender: this.#sender, draws: this.#draws },
      onSlow: (behindMs, untilNs) => this.#slow(behindMs, untilNs),
    });
  }

  /**
   * Sends everything to the end of the connection. `requests` are those made before the start, `wrong` what was wrong
   * with another one.
   */
  async run(requests: readonly WholeRequest[], wrong: string | null): Promise<void> {
    const { clock, source } = this.#context;
    const starts = requests.flatMap(({ start }) => start ?? []);
    const startNs = starts.length === 0 ? clock.now() : starts.reduce((a, b) => (a < b ? a : b));
    if (this.#settings.compression === 'zstd') this.#outlet.compress();
    this.#writer.begin(source.dataset, startNs);
    this.#hasBegun = true;
    if (!this.#context.mayStream()) {
      this.fail(errorCodes.connectionLimitExceeded, 'User has reached their open connection limit');
    } else if (wrong !== null) {
      this.fail(errorCodes.invalidSubscription, wrong);
    }
    for (const request of requests) this.subscribe(request);
    await this.#subscribing;
    this.#writer.flush();
    // A session that asked for nothing yet is nobody that time would wait for.
    if (requests.length === 0 && !this.#isOver) await this.#subscribed();
    if (this.#isOver) return;
    const seat = clock.join();
    this.#seat = seat;
    try {
      await this.#market.run(seat);
      // Time that goes as fast as the clients read stands until the client gives up.
      if (this.#outlet.isHung && clock.pace === 'max') await this.#outlet.room();
    } finally {
      this.#seat = null;
      seat.leave();
    }
  }

  /** Takes a subscription, after those before it. */
  subscribe(request: WholeRequest): void {
    const parts = { context: this.#context, router: this.#router, writer: this.#writer };
    this.#subscribing = this.#subscribing.then(async () => {
      if (this.#isOver) return;
      const refusal = await subscribe(request, parts);
      if (refusal !== null) this.fail(errorCodes.replayAgedOut, refusal);
      this.#writer.flush();
      this.#onSubscribed();
      this.#seat?.interrupt();
    });
  }

  /** Says that the gateway is alive, unless the client does not take what it has been sent. */
  beat(): void {
    if (!this.#hasBegun || this.#isOver || this.#outlet.isBlocked) return;
    this.#writer.speak(heartbeat(this.#context.clock.now()));
    this.#writer.flush();
  }

  /** Sends an error; after one that is fatal the connection ends. */
  fail(code: number, text: string): void {
    this.#writer.speak(errorRecord(code, text, { atNs: this.#context.clock.now() }));
    this.#writer.flush();
    if (fatalErrorCodes.has(code)) this.strike('eof');
  }

  /** Lets a fault happen at once. */
  strike(strike: Strike): void {
    const nowNs = this.#context.clock.now();
    if (strike === 'unknown') this.#writer.speak(unknownRecord(nowNs));
    if (strike === 'slow') this.#slow(SLOW_MS, nowNs + MINUTE_NS);
    if (strike === 'internal-error') this.fail(errorCodes.internalError, 'Internal error');
    this.#writer.flush();
    if (strike === 'eof') this.#outlet.end();
    if (strike === 'reset') this.#outlet.reset();
    if (strike === 'hang') this.#outlet.hang();
    if (this.#isOver) this.interrupt();
  }

  /** Makes the stream look whether it is over. */
  interrupt(): void {
    this.#onSubscribed();
    this.#seat?.interrupt();
  }

  /** The mappings of an instrument again, whose id has changed. */
  remap(instrument: GatewayInstrument): void {
    this.#router.remap(instrument, this.#context.clock.now());
    this.#writer.flush();
  }

  get #isOver(): boolean {
    return this.#outlet.isClosed || this.#outlet.isHung;
  }

  async #subscribed(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#onSubscribed = resolve;
    });
  }

  /** Does what is done about a reader who is behind: leaves records out up to a time, or warns. */
  #slow(behindMs: number, skipUntilNs: bigint): void {
    const schemas = [...this.#router.schemas];
    const isSkipping = this.#settings.slowReader === 'skip' && schemas.some((schema) => skippableSchemas.has(schema));
    if (isSkipping) this.#sender.skipUntil(skipUntilNs);
    if (isSkipping && schemas.every((schema) => skippableSchemas.has(schema))) return;
    this.#writer.speak(slowReaderWarning(behindMs, this.#context.clock.now()));
  }

  #skipped(schema: Schema, records: number): void {
    const text = `Slow client detected for ${schema}, ${records} records skipped`;
    const atNs = this.#context.clock.now();
    this.#writer.speak(errorRecord(errorCodes.skippedRecordsAfterSlowReading, text, { atNs }));
  }
}
