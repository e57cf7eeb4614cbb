import { readdirSync, readFileSync } from 'node:fs';
import { dbnSamples, hasDbnSamples } from './dbn-files.ts';

/** A sample file and what an independent reader found in it; see the README beside the samples. */
export interface ExpectedSample {
  /** Path below the samples. */
  readonly name: string;
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly isTruncated: boolean;
  /** Whether writing the decoded records again gives the bytes of the file. */
  readonly isExact: boolean;
  readonly metadata: Readonly<Record<string, unknown>> | null;
  readonly records: readonly unknown[];
  readonly upgraded: readonly unknown[];
}

/** Every sample that has an expected file, but for the legacy DBZ; empty when the samples are absent. */
export const expectedSamples: readonly ExpectedSample[] = hasDbnSamples
  ? ['dbn', 'databento-python/GLBX.MDP3', 'synthetic'].flatMap((folder) => samplesIn(folder))
  : [];

function samplesIn(folder: string): ExpectedSample[] {
  const names = readdirSync(new URL(`${folder}/`, dbnSamples)).filter((name) => /\.(dbn|frag)(\.zst)?$/.test(name));
  return names.map((name) => {
    const { pathname: path } = new URL(`${folder}/${name}`, dbnSamples);
    const expected = JSON.parse(readFileSync(`${path}.expected.json`, 'utf8'));
    return {
      name: `${folder}/${name}`,
      path,
      bytes: readFileSync(path),
      isTruncated: expected.trailing_bytes > 0,
      isExact: expected.records_roundtrip_byte_exact && expected.metadata_roundtrips_byte_exact !== false,
      metadata: expected.metadata,
      records: expected.records,
      upgraded: expected.records_upgraded_to_v3 ?? expected.records,
    };
  });
}
