import { type LayoutName, layouts } from './layouts.ts';
import { defineView, type RecordView, type RecordWindow, UnknownRecordView } from './record-view.ts';

const viewClasses = Object.fromEntries(
  Object.values(layouts).map(({ name, fields }) => [name, defineView(name, fields)]),
) as Readonly<Record<LayoutName, new (window: RecordWindow) => RecordView>>;

/** A view of a layout on the record that a window is on. */
export function makeView(layout: LayoutName | 'unknown', window: RecordWindow): RecordView {
  return layout === 'unknown' ? new UnknownRecordView(window) : new viewClasses[layout](window);
}

/** A window on the first record of some bytes. */
export function makeWindow(bytes: DataView, hasTsOut: boolean): RecordWindow {
  return { bytes, at: 0, hasTsOut };
}
