// Synthesises one template in a process of its own, because CDK takes a second and a hundred megabytes.
import { tmpdir } from 'node:os';
import { synthTemplate } from '#infra/template.ts';
import { errorText } from './error-text.ts';

process.once('disconnect', () => process.exit(1));
try {
  process.send?.(synthTemplate(process.argv[2] ?? ''), () => process.disconnect());
} catch (error) {
  // CDK writes to the system's folder for temporary files on the way.
  console.error(errorText(error, tmpdir()));
  process.exit(1);
}
