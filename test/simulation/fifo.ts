import type { IntentQueue } from '#core/ports.ts';
import type { Intent } from '#core/trading/intent.ts';
import { decodeIntent, encodeIntent } from '#core/trading/intent-message.ts';
import { pick } from './line.ts';
import type { World } from './world.ts';

/** A message that somebody works on; it comes again unless it is deleted in time. */
export interface Received {
  readonly intent: Intent;
  delete(): void;
}

/** A FIFO queue in virtual time: groups, deduplication, visibility, dead letters. */
export interface Fifo extends IntentQueue {
  /** The head of a group that nobody works on; null when there is none. */
  receive(): Received | null;
  readonly deadLetters: number;
}

interface Message {
  readonly id: string;
  readonly body: string;
  readonly visibleAtMs: number;
  receives: number;
}

const DEDUPLICATION_MS = 300_000;
const VISIBILITY_MS = 30_000;
const RECEIVES_MAX = 4;

/** Often just short of a minute: then an exit is claimed right before the next one may be made. */
function slowest(world: World): number {
  return world.chance(0.5) ? 45_000 + 15_000 * world.random.uniform() : 70_000 * world.random.uniform();
}

/** Makes a queue. With `hurried`, a message often becomes visible again while its first receiver still works on it. */
export function makeFifo(world: World, { hurried }: { readonly hurried: boolean }): Fifo {
  const published = new Map<string, number>();
  const groups = new Map<string, { messages: Message[]; busyUntilMs: number }>();
  let deadLetters = 0;

  return {
    get deadLetters() {
      return deadLetters;
    },
    async publish(intents) {
      for (const intent of intents) {
        if ((published.get(intent.id) ?? Number.NEGATIVE_INFINITY) > world.now() - DEDUPLICATION_MS) continue;
        published.set(intent.id, world.now());
        const group = groups.get(intent.root) ?? { messages: [], busyUntilMs: 0 };
        groups.set(intent.root, group);
        const slowMs = world.chance(0.3) ? slowest(world) : 0;
        group.messages.push({
          id: intent.id,
          body: encodeIntent(intent),
          visibleAtMs: world.now() + slowMs,
          receives: 0,
        });
      }
    },
    receive() {
      const open = [...groups.values()].filter(
        ({ messages, busyUntilMs }) =>
          messages[0] !== undefined && messages[0].visibleAtMs <= world.now() && busyUntilMs <= world.now(),
      );
      const group = pick(world, open);
      const head = group?.messages[0];
      if (group === undefined || head === undefined) return null;
      const remove = (): void => {
        group.messages = group.messages.filter((message) => message !== head);
        group.busyUntilMs = 0;
      };
      head.receives += 1;
      if (head.receives > RECEIVES_MAX) {
        deadLetters += 1;
        remove();
        return null;
      }
      const isHurried = hurried && world.chance(0.3);
      group.busyUntilMs = world.now() + (isHurried ? 3_000 * world.random.uniform() : VISIBILITY_MS);
      return {
        intent: decodeIntent(head.body, head.id),
        delete: () => {
          if (group.messages.includes(head)) remove();
        },
      };
    },
  };
}
