import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Architecture, LayerVersion, Runtime } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { assembledCode, copyInto, repository } from './lambda-code.ts';

const MODULES = join(repository, 'node_modules');

/**
 * The ONNX runtime for one platform. The package holds six and is too large for a function; its JavaScript, its
 * binaries for Linux on x64 and its types package are all that runs.
 */
export class OnnxLayer extends LayerVersion {
  constructor(scope: Construct, id: string) {
    const { version } = JSON.parse(readFileSync(join(MODULES, 'onnxruntime-node/package.json'), 'utf8')) as {
      version: string;
    };
    const parts = [
      'onnxruntime-node/package.json',
      'onnxruntime-node/dist',
      'onnxruntime-node/bin/napi-v6/linux/x64',
      'onnxruntime-common/package.json',
      'onnxruntime-common/dist/cjs',
    ];
    const files = parts.map((part) => ({ from: join(MODULES, part), to: join('nodejs/node_modules', part) }));
    const name = `onnxruntime-node-${version}-linux-x64`;
    super(scope, id, {
      code: assembledCode({
        name,
        source: join(MODULES, 'onnxruntime-node/dist'),
        assemble: (folder) => copyInto(folder, files),
        // Hashing what it holds would take longer than the rest of a synthesis, and its version says as much.
        assetHash: name,
      }),
      compatibleArchitectures: [Architecture.X86_64],
      compatibleRuntimes: [Runtime.NODEJS_24_X],
      description: `onnxruntime-node ${version}, linux x64`,
    });
  }
}
