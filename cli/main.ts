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
  dbn: async () => (await import('./dbn/command.ts')).dbnCommand,
  gateway: async () => (await import('#local/gateway/command.ts')).gatewayCommand,
  sandbox: async () => (await import('#local/sandbox/command.ts')).sandboxCommand,
};

async function main([verb, ...args]: string[]): Promise<number> {
  if (verb === undefined) {
    process.stderr.write(await usage());
    return 2;
  }
  const isHelp = ['--help', '-h', 'help'].includes(verb);
  const asked = isHelp ? args[0] : verb;
  if (asked === undefined) {
    process.stdout.write(await usage());
    return 0;
  }
  const load = Object.hasOwn(commands, asked) ? commands[asked] : undefined;
  if (load === undefined) {
    process.stderr.write(`rooney: unknown verb '${asked}'\n\n${await usage()}`);
    return 2;
  }
  const command = await load();
  if (!isHelp) return await command.run(args);
  process.stdout.write(`${command.help.trimEnd()}\n`);
  return 0;
}

async function usage(): Promise<string> {
  const verbs = await Promise.all(Object.values(commands).map((load) => load()));
  const width = Math.max(...verbs.map(({ name }) => name.length));
  const lines = verbs.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
  return `Usage: rooney <verb> [options]\n\nVerbs\n${lines.join('\n')}\n\n\`rooney <verb> --help\` explains a verb.\n`;
}

// A reader that has gone, as behind `| head`, or a full disk: there is no use in going on without being heard.
process.stdout.on('error', ({ message }) => {
  process.stderr.write(`rooney: the output cannot be written (${message})\n`);
  process.exit(1);
});
// And of this there is nobody left to tell.
process.stderr.on('error', () => process.exit(1));

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  // What somebody can act on is said in one sentence; what is our fault comes with its stack.
  const expected = kindOf(error) === 'contract';
  process.stderr.write(`rooney: ${expected ? (error as Error).message : (error as Error).stack}\n`);
  process.exitCode = 1;
}
