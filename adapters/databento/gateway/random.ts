/** A stream of pseudo-random numbers, the same for the same seed and name on every machine. */
export interface Random {
  /** Evenly distributed in [0, 1). */
  uniform(): number;
  /** A whole number in [0, below). */
  below(below: number): number;
}

/** Odd constants of the multiplicative hash and of the Weyl sequence. */
const [HASH_PRIME, MIX_A, MIX_B, WEYL] = [0x01000193, 0x2c1b3c6d, 0x297a2d39, 0x9e3779b9] as const;

/** Makes the stream of a seed and a name. */
export function makeRandom(seed: number, name: string): Random {
  let state = hash(`${seed}:${name}`);
  function uniform(): number {
    // A counter that visits every state, scrambled twice.
    state = (state + WEYL) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), MIX_A);
    mixed = Math.imul(mixed ^ (mixed >>> 12), MIX_B);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  }
  return { uniform, below: (below) => Math.floor(uniform() * below) };
}

/** A whole number of 32 bits for a text. */
export function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) value = Math.imul(value ^ text.charCodeAt(index), HASH_PRIME);
  return value | 0;
}

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const CHALLENGE_CHARACTERS = 32;

/** A challenge for authentication. */
export function makeChallenge(random: Random): string {
  return Array.from({ length: CHALLENGE_CHARACTERS }, () => LETTERS[random.below(LETTERS.length)]).join('');
}
