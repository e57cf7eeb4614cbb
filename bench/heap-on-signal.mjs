// Preloaded into the ingest service: writes its heap after a forced collection to a file when it is asked by a signal.
import { appendFileSync } from 'node:fs';
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');

process.on('SIGUSR2', () => {
  collect();
  appendFileSync(process.env.HEAP_FILE, `${getHeapStatistics().used_heap_size}\n`);
});
