/** A stream of pseudo-random numbers, the same for the same seed and name on every machine. */
export interface Random {
  /** Evenly distributed in [0, 1). */
  uniform(): number;
  /** Normally distributed with mean 0 and variance 1. */
  normal(): number;
}

const WARM_UP_DRAWS = 16;

/**
 * Makes the stream of a seed and a name; streams of different names do not depend on each other.
 * The generator is sfc32 (Chris Doty-Humphrey's Small Fast Counting, 32 bits), normals are by Box and Muller.
 */
export function makeRandom(seed: number, name: string): Random {
  let [a, b, c] = [0, 1, 2].map((lane) => hash(`${lane}:${seed}:${name}`)) as [number, number, number];
  let counter = 1;
  let spare: number | null = null;

  function uniform(): number {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return (sum >>> 0) / 2 ** 32;
  }

  function normal(): number {
    if (spare !== null) {
      const kept = spare;
      spare = null;
      return kept;
    }
    // One minus keeps the logarithm finite.
    const radius = Math.sqrt(-2 * Math.log(1 - uniform()));
    const angle = 2 * Math.PI * uniform();
    spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  for (let draw = 0; draw < WARM_UP_DRAWS; draw++) uniform();
  return { uniform, normal };
}

/** FNV-1a over UTF-16 units, 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  }
  return value | 0;
}
