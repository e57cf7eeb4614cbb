/** `closeTimeMs` of the newest slice in an event from the stream; 0 when its last record is not a slice. */
export function closeTimeOfLast(event: object): number {
  const { Records } = event as { readonly Records: readonly { readonly kinesis: { readonly data: string } }[] };
  try {
    const slice = JSON.parse(Buffer.from(Records.at(-1)?.kinesis.data ?? '', 'base64').toString()) as object | null;
    const { closeTimeMs } = (slice ?? {}) as { readonly closeTimeMs?: unknown };
    return typeof closeTimeMs === 'number' ? closeTimeMs : 0;
  } catch {
    // What is not JSON is the function's to refuse.
    return 0;
  }
}
