import { RooneyError } from '#core/errors.ts';
import type { Ledger } from '#core/ports.ts';
import type { World } from './world.ts';

/**
 * What may go wrong between an actor and the outside.
 *
 * `refused`: an error, nothing happened. `lost-reply`: it happened, an error came back. `late`: an error came back, and
 * up to 90 s later it happens. `repeated`: the client sent it twice and saw the second answer. `crash`: the actor is gone,
 * before or after it happened. `pause`: it, or its answer, takes up to 100 s.
 */
export const faults = ['refused', 'lost-reply', 'late', 'repeated', 'crash', 'pause'] as const;
export type Fault = (typeof faults)[number];

/** One process: a Lambda environment. What a dead one awaits never comes. */
export interface Actor {
  readonly id: string;
  alive: boolean;
  crash(): void;
}

/** Starts a process and starts it again some time after every crash. */
export function supervise(world: World, name: string, body: (actor: Actor) => Promise<void>): void {
  let starts = 0;
  const start = (): void => {
    starts += 1;
    const actor: Actor = {
      id: `${name}.${starts}`,
      alive: true,
      crash() {
        if (!actor.alive) return;
        actor.alive = false;
        world.after(1_000 + 20_000 * world.random.uniform(), start);
      },
    };
    body(actor).catch((error: unknown) => {
      throw error;
    });
  };
  start();
}

/** How bad the lines are. */
export interface Weather {
  readonly faults: readonly Fault[];
  /** Probability that a call meets one of the faults. */
  rate: number;
}

/** Goes on only for actors that still live. */
export async function alive(actor: Actor): Promise<void> {
  if (!actor.alive) await new Promise<never>(() => undefined);
}

/** Milliseconds that a call takes one way: mostly a few, now and then seconds. */
export function latencyMs({ random }: World): number {
  const luck = random.uniform();
  if (luck < 0.85) return 1 + 50 * random.uniform();
  return luck < 0.98 ? 2_000 * random.uniform() : 8_000 * random.uniform();
}

/** Makes a call from an actor to the outside, through the weather. */
export async function call<T>(
  { world, actor, weather }: { world: World; actor: Actor; weather: Weather },
  act: () => Promise<T>,
): Promise<T> {
  const fault = world.chance(weather.rate) ? pick(world, weather.faults) : undefined;
  const pauseMs = () => (fault === 'pause' && world.chance(0.5) ? 100_000 * world.random.uniform() : 0);
  await alive(actor);
  if (fault === 'crash' && world.chance(0.5)) actor.crash();
  await world.sleep(latencyMs(world) + pauseMs());
  await alive(actor);
  if (fault === 'refused') throw new RooneyError('transient', 'simulated: refused');
  if (fault === 'late') {
    const lateMs = 90_000 * world.random.uniform();
    world.after(lateMs, () => void world.real(act).catch(() => undefined));
    throw new RooneyError('transient', 'simulated: no answer yet');
  }
  let answer = await world.real(act);
  if (fault === 'repeated') {
    await world.sleep(latencyMs(world));
    answer = await world.real(act);
  }
  if (fault === 'crash') actor.crash();
  await world.sleep(latencyMs(world) + pauseMs());
  await alive(actor);
  if (fault === 'lost-reply') throw new RooneyError('transient', 'simulated: reply lost');
  return answer;
}

/** The ledger as one actor reaches it. */
export function ledgerLine(line: { world: World; actor: Actor; weather: Weather }, ledger: Ledger): Ledger {
  return {
    load: (id) => call(line, () => ledger.load(id)),
    create: (aggregate) => call(line, () => ledger.create(aggregate)),
    commit: (next, rule) => call(line, () => ledger.commit(next, rule)),
    writeRows: (id, rows) => call(line, () => ledger.writeRows(id, rows)),
    writeJournal: (row) => call(line, () => ledger.writeJournal(row)),
    rows: (id, kind) => call(line, () => ledger.rows(id, kind)),
    journal: (id) => call(line, () => ledger.journal(id)),
  };
}

/** One of a list, or undefined when it is empty. */
export function pick<T>({ random }: World, from: readonly T[]): T | undefined {
  return from[Math.floor(random.uniform() * from.length)];
}
