// What fields of records can hold. Callers without types may pass anything: what is of another type fits nowhere.

/** Whether it is an unsigned integer of one byte. */
export function isU8(value: number): boolean {
  return typeof value === 'number' && (value & 0xff) === value;
}

/** Whether it is an unsigned integer of two bytes. */
export function isU16(value: number): boolean {
  return typeof value === 'number' && (value & 0xffff) === value;
}

/** Whether it is an unsigned integer of four bytes. */
export function isU32(value: number): boolean {
  return typeof value === 'number' && value >>> 0 === value;
}

/** Whether it is a signed integer of one byte. */
export function isI8(value: number): boolean {
  return typeof value === 'number' && (value << 24) >> 24 === value;
}

/** Whether it is a signed integer of two bytes. */
export function isI16(value: number): boolean {
  return typeof value === 'number' && (value << 16) >> 16 === value;
}

/** Whether it is a signed integer of four bytes. */
export function isI32(value: number): boolean {
  return typeof value === 'number' && (value | 0) === value;
}

/** Whether it is an unsigned integer of eight bytes, as bigint. */
export function isU64(value: bigint): boolean {
  return typeof value === 'bigint' && BigInt.asUintN(64, value) === value;
}

/** Whether it is a signed integer of eight bytes, as bigint. */
export function isI64(value: bigint): boolean {
  return typeof value === 'bigint' && BigInt.asIntN(64, value) === value;
}

/** Whether it is one byte of text; the empty text stands for NUL. */
export function isCharacter(value: string): boolean {
  return typeof value === 'string' && value.length <= 1 && !(value.charCodeAt(0) > 0xff);
}

/** The byte of a character. */
export function codeOf(character: string): number {
  return character === '' ? 0 : character.charCodeAt(0);
}
