// Synthesises one template in a process of its own, because CDK takes a second and a hundred megabytes.
import { synthTemplate } from '#infra/template.ts';

process.once('disconnect', () => process.exit(1));
process.send?.(synthTemplate(process.argv[2] ?? ''), () => process.disconnect());
