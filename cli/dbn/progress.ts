import type { DbnIo } from './dbn-io.ts';
import type { Input } from './input.ts';

/** Work that is done sooner shows no progress. */
const QUIET_MS = 1000;
const RENEW_MS = 250;

/** Shows a line about an input that takes long, on a terminal only, and renews it. Returns what removes it. */
export function showProgress(err: DbnIo['err'], input: Input, recordsRead: () => number): () => void {
  if (!err.isTTY) return () => undefined;
  const startedMs = performance.now();
  let isShown = false;
  const timer = setInterval(() => {
    const elapsedMs = performance.now() - startedMs;
    if (elapsedMs < QUIET_MS) return;
    isShown = true;
    err.write(`\r\x1b[2K${progressText(input, recordsRead(), elapsedMs).slice(0, (err.columns ?? 80) - 1)}`);
  }, RENEW_MS);
  timer.unref();
  return () => {
    clearInterval(timer);
    if (isShown) err.write('\r\x1b[2K');
  };
}

/** `41% of 120.0 MB | 35.2 MB/s | 1,204,311 records | es.dbn.zst` */
export function progressText(
  { name, bytesRead, bytesTotal }: Pick<Input, 'name' | 'bytesRead' | 'bytesTotal'>,
  records: number,
  elapsedMs: number,
): string {
  const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
  const read = bytesTotal
    ? `${Math.floor((100 * bytesRead) / bytesTotal)}% of ${megabytes(bytesTotal)}`
    : megabytes(bytesRead);
  const rate = megabytes((bytesRead / Math.max(1, elapsedMs)) * 1000);
  return `${read} | ${rate}/s | ${records.toLocaleString('en-US')} records | ${name}`;
}
