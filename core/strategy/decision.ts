import type { Mode } from '../execution/mode.ts';
import type { Certificate } from '../market/certificate.ts';
import type { Evidence } from './definition.ts';
import type { Verdict } from './veto.ts';

/** What `step` concluded. `refused` is a risk rule's no, `vetoed` the model's. */
export type Action = 'enter' | 'exit' | 'hold' | 'refused' | 'vetoed';

/** A conclusion about one root at one slice, with everything it rests on. Kept for good. */
export interface Decision {
  /** `strategy:root:closeTimeMs`. */
  readonly id: string;
  readonly strategyId: string;
  readonly root: string;
  readonly closeTimeMs: number;
  readonly receiptTimeMs: number;
  readonly action: Action;
  /** Why, in the words of the rule that decided. */
  readonly reason: string;
  /** Contract whose bars were read; null when the root has none. */
  readonly contract: string | null;
  readonly evidence: Evidence;
  /** Proof of the data behind the definition's opinion; null when it gave none, and on exits, which need no proof. */
  readonly certificate: Certificate | null;
  readonly verdict: Verdict | null;
  readonly mode: Mode;
  readonly configHash: string;
  /** Intent that this decision made, or null. */
  readonly intentId: string | null;
}
