/** Text is UTF-8 up to the first NUL; bytes that are no UTF-8 read as the replacement character. */
export function readText(bytes: ArrayBufferView, at: number, size: number): string {
  const field = Buffer.from(bytes.buffer, bytes.byteOffset + at, size);
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end === -1 ? size : end);
}

/** Whether a field of `size` bytes, the last of which stays NUL, can hold a text and give it back. */
export function isText(text: unknown, size: number): boolean {
  return typeof text === 'string' && Buffer.byteLength(text) < size && !text.includes('\0') && text.isWellFormed();
}

/** Writes a text; what of the field is behind it must be zeros. */
export function writeText(text: string, bytes: ArrayBufferView, at: number): void {
  Buffer.from(bytes.buffer, bytes.byteOffset + at).write(text, 'utf8');
}
