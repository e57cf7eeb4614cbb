import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AssetHashType, DockerImage } from 'aws-cdk-lib';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { buildSync } from 'esbuild';

/** Root of the repository, with a slash at the end. */
export const repository = fileURLToPath(new URL('../../', import.meta.url));

/** Files and folders to put beside the bundle: where from, absolute, and what as. */
export type CopiedFiles = readonly { readonly from: string; readonly to: string }[];

/** Code of a Lambda: its handler and everything that imports, as one ES module `index.mjs`, with files beside it. */
export function bundledCode(entry: string, files: CopiedFiles = []): Code {
  return assembledCode({
    name: JSON.stringify([entry, files]),
    source: dirname(join(repository, entry)),
    assemble: (folder) => {
      writeFileSync(join(folder, 'index.mjs'), bundle(entry));
      copyInto(folder, files);
    },
  });
}

/** How the files of an asset are put together. */
export interface Assembly {
  /** What it is made from; CDK takes two assemblies with one name for the same. */
  readonly name: string;
  /** A folder that exists; CDK wants to know one. */
  readonly source: string;
  readonly assemble: (folder: string) => void;
  /** Identity of the result; computed from its files when left out. */
  readonly assetHash?: string;
}

/** Code that is put together on this machine when it is needed; never in a container. */
export function assembledCode({ name, source, assemble, assetHash }: Assembly): Code {
  return Code.fromAsset(source, {
    ...(assetHash === undefined ? { assetHashType: AssetHashType.OUTPUT } : { assetHash }),
    bundling: {
      // The type wants an image, but it is only pulled when the local way declines, and it never does.
      image: DockerImage.fromRegistry('never-pulled'),
      // Never run either: only what is written here tells one assembly from another in CDK's cache.
      command: [name],
      local: {
        tryBundle: (folder) => {
          assemble(folder);
          return true;
        },
      },
    },
  });
}

/** Copies files and folders into a folder, by reference where the file system can. */
export function copyInto(folder: string, files: CopiedFiles): void {
  for (const { from, to } of files) {
    const target = join(folder, to);
    mkdirSync(dirname(target), { recursive: true });
    cpSync(from, target, { recursive: true, dereference: true });
  }
}

/** Bundles by entry: strategies share theirs, and a synthesis of three environments asks for the same ones again. */
const bundles = new Map<string, Uint8Array>();

function bundle(entry: string): Uint8Array {
  const known = bundles.get(entry);
  if (known !== undefined) return known;
  const { outputFiles } = buildSync({
    absWorkingDir: repository,
    entryPoints: [entry],
    bundle: true,
    write: false,
    outfile: 'index.mjs',
    platform: 'node',
    target: 'node24',
    format: 'esm',
    mainFields: ['module', 'main'],
    // The SDK is bundled, so that what was tested is what runs; the native module comes in a layer.
    alias: { 'onnxruntime-node': fileURLToPath(new URL('./onnx-from-layer.cjs', import.meta.url)) },
    banner: {
      js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);",
    },
    legalComments: 'none',
    logLevel: 'error',
  });
  const code = outputFiles[0]!.contents;
  bundles.set(entry, code);
  return code;
}
