import { GetParametersCommand, type Parameter, SSMClient } from '@aws-sdk/client-ssm';
import { type ModeReading, parseMode } from '#core/execution/mode.ts';
import type { ModeSource } from '#core/ports.ts';
import { boundedRequests } from '../bounded-requests.ts';

/** An SSM client that gives up on a dead socket. */
export function ssmClient(): SSMClient {
  return new SSMClient(boundedRequests());
}

/** Names of the two mode parameters. */
export interface ModeParameters {
  readonly global: string;
  readonly own: string;
}

const unread: ModeReading = { mode: null, lastModifiedMs: 0, version: 0 };

/** The operator's mode parameters in SSM, read with one uncached call. Whatever fails is a reading without a mode. */
export function ssmModeSource({ client, names }: { client: SSMClient; names: ModeParameters }): ModeSource {
  return {
    async read() {
      try {
        const { Parameters = [] } = await client.send(new GetParametersCommand({ Names: [names.global, names.own] }));
        const reading = (name: string) => readingOf(Parameters.find((one) => one.Name === name));
        return { global: reading(names.global), own: reading(names.own) };
      } catch {
        return { global: unread, own: unread };
      }
    },
  };
}

function readingOf(parameter: Parameter | undefined): ModeReading {
  if (parameter === undefined) return unread;
  return {
    mode: parseMode(parameter.Value),
    lastModifiedMs: parameter.LastModifiedDate?.getTime() ?? 0,
    version: parameter.Version ?? 0,
  };
}
