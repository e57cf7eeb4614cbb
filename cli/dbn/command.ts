import { kindOf } from '#core/errors.ts';
import type { Command } from '../main.ts';
import type { DbnIo } from './dbn-io.ts';
import { decodeFiles } from './decode.ts';
import { decodeHelp, readDecodeFlags } from './decode-flags.ts';
import { type Encoded, encodeText } from './encode.ts';
import { encodeHelp, readEncodeFlags } from './encode-flags.ts';
import { metadataJson } from './metadata-json.ts';

/** `rooney dbn`, with `encode` or without. Returns the exit code: 0 done, 1 failed, 2 wrong usage. */
export async function runDbn(args: readonly string[], io: DbnIo): Promise<number> {
  const [first, ...rest] = args;
  return first === 'encode' ? await runEncode(rest, io) : await runDecode(args, io);
}

/** The command as the command line lists it. */
export const dbnCommand: Command = {
  name: 'dbn',
  summary: 'DBN files as JSON lines, CSV or a summary, and back',
  help: decodeHelp,
  run(args) {
    // A reader that has gone, as behind `| head`, has what it wanted.
    process.stdout.prependListener('error', ({ code }: NodeJS.ErrnoException) => {
      if (code === 'EPIPE') process.exit(0);
    });
    return runDbn(args, { in: process.stdin, out: process.stdout, err: process.stderr });
  },
};

async function runDecode(args: readonly string[], io: DbnIo): Promise<number> {
  const flags = readDecodeFlags(args);
  if (typeof flags === 'string') return refuse(io, flags, 'rooney dbn');
  if (flags.help) return print(io, decodeHelp);
  if (flags.paths.includes('-') && io.in.isTTY) return refuse(io, 'name a DBN file, or send one into it', 'rooney dbn');
  return (await decodeFiles(flags, io)) ? 0 : 1;
}

async function runEncode(args: readonly string[], io: DbnIo): Promise<number> {
  const verb = 'rooney dbn encode';
  const flags = readEncodeFlags(args);
  if (typeof flags === 'string') return refuse(io, flags, verb);
  if (flags.help) return print(io, encodeHelp);
  if (flags.path === '-' && io.in.isTTY)
    return refuse(io, 'name a file of JSON lines or CSV, or send one into it', verb);
  if (flags.out === null && io.out.isTTY)
    return refuse(io, 'DBN is not for a terminal; name a file with --out, or send it into a pipe', verb);
  let encoded: Encoded;
  try {
    encoded = await encodeText(flags, io);
  } catch (error) {
    if (kindOf(error) !== 'contract') throw error;
    io.err.write(`${verb}: ${(error as Error).message}\n`);
    return 1;
  }
  const { metadata, records } = encoded;
  if (flags.out === null) return 0;
  const { out: file, compression } = flags;
  if (flags.json) return print(io, JSON.stringify({ file, compression, records, metadata: metadataJson(metadata) }));
  return print(io, `${file}: DBN version ${metadata.version}, ${records} records of ${metadata.dataset}`);
}

function print(io: DbnIo, text: string): number {
  io.out.write(`${text}\n`);
  return 0;
}

function refuse(io: DbnIo, reason: string, verb: string): number {
  io.err.write(`${verb}: ${reason}\n\n\`${verb} --help\` explains it.\n`);
  return 2;
}
