import { type DbnVersion, type LayoutName, layoutOf } from './layouts.ts';
import type { AnyView } from './record.ts';
import type { RecordWindow } from './record-view.ts';
import { isOldLayout, makeUpgrade, type Upgrade } from './upgrade.ts';
import { makeView } from './views.ts';

/** How records of one type are read that are at least as long as one layout. */
export interface RecordKind {
  /** Bytes of the layout in which they are stored. */
  readonly size: number;
  /** Shows the record, or what the upgrade made of it. */
  readonly view: AnyView;
  /** Rewrites the record at a place; null when it stays as it is. */
  readonly upgrade: Upgrade['upgrade'] | null;
  /** For shorter records of the type, of which only a fragment may have several kinds. */
  readonly shorter: RecordKind | null;
}

/** The longest kind of each record type, at the type's number; null for a type that is not known. */
export type RecordKinds = readonly (RecordKind | null)[];

const RTYPES = 256;

/** The kinds of a stream. Without a version, the length of a record decides between the layouts of its type. */
export function recordKinds(stream: {
  readonly version: DbnVersion | null;
  readonly isUpgrading: boolean;
  /** The one that the decoder moves. */
  readonly window: RecordWindow;
}): RecordKinds {
  const versions: readonly DbnVersion[] = stream.version === null ? [1, 2, 3] : [stream.version];
  return Array.from({ length: RTYPES }, (_, rtype) => {
    let longest: RecordKind | null = null;
    for (const version of versions) {
      const layout = layoutOf(rtype, version);
      // A newer layout is longer, or the same one.
      if (layout === undefined || layout.size === longest?.size) continue;
      longest = makeKind(layout.name as LayoutName, layout.size, longest, stream);
    }
    return longest;
  });
}

function makeKind(
  layout: LayoutName,
  size: number,
  shorter: RecordKind | null,
  { isUpgrading, window }: { readonly isUpgrading: boolean; readonly window: RecordWindow },
): RecordKind {
  const upgrade = isUpgrading && isOldLayout(layout) ? makeUpgrade(layout, window.hasTsOut) : null;
  return {
    size,
    view: upgrade?.view ?? (makeView(layout, window) as AnyView),
    upgrade: upgrade?.upgrade ?? null,
    shorter,
  };
}
