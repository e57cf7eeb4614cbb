import { systemClock } from '../clock.ts';
import { createHandler } from './create.ts';

export const handler = await createHandler(process.env, systemClock);
