import { kindOf } from '#core/errors.ts';

/** One verb of the `rooney` command. */
export interface Command {
  readonly name: string;
  /** One line for the list of verbs. */
  readonly summary: string;
  readonly help: string;
  /** Runs with the arguments after the verb. Resolves to the exit code: 0 done, 1 failed, 2 wrong usage. */
  run(args: string[]): Promise<number>;
}

/** Verbs are loaded when they are asked for, so that one does not pay for another's imports. */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  local: async () => (await import('#local/local-command.ts')).localCommand,
  sandbox: async () => (await import('#local/sandbox/command.ts')).sandboxCommand,
};

async function main([verb, ...args]: string[]): Promise<number> {
  if (verb === undefined || verb === '--help' || verb === '-h' || verb === 'help') {
    const [asked] = args;
    const load = asked === undefined ? undefined : commands[asked];
    process.stdout.write(load === undefined ? await usage() : `${(await load()).help.trimEnd()}\n`);
    return verb === undefined ? 2 : 0;
  }
  const load = Object.hasOwn(commands, verb) ? commands[verb] : undefined;
  if (load === undefined) {
    process.stderr.write(`rooney: unknown verb '${verb}'\n\n${await usage()}`);
    return 2;
  }
  return await (await load()).run(args);
}

async function usage(): Promise<string> {
  const verbs = await Promise.all(Object.values(commands).map((load) => load()));
  const width = Math.max(...verbs.map(({ name }) => name.length));
  const lines = verbs.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
  return `Usage: rooney <verb> [options]\n\nVerbs\n${lines.join('\n')}\n\n\`rooney <verb> --help\` explains a verb.\n`;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  // What somebody can act on is said in one sentence; what is our fault comes with its stack.
  const expected = kindOf(error) === 'contract';
  process.stderr.write(`rooney: ${expected ? (error as Error).message : (error as Error).stack}\n`);
  process.exitCode = 1;
}
