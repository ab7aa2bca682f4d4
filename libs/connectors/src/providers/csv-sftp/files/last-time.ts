/** What is remembered of the full files that were applied last, and of the delta files since then. */
export interface SeenSet {
  readonly stamp: string;
  readonly listing: string;
  readonly fingerprint: string;
  /** When the youngest file was changed, and when the manifest was made; ISO 8601. */
  readonly changedAt: string;
  readonly generatedAt: string | null;
  readonly bytes: number;
  /** Of the other files, unpacked; absent for what an earlier version has saved. */
  readonly otherBytes?: Readonly<Partial<Record<'groups' | 'memberships', number>>>;
  /** Files that had at least one row; absent likewise. */
  readonly filled?: readonly string[];
  readonly encoding: string;
  /** Columns that mean something, as `users.email`. */
  readonly columns: readonly string[];
  readonly hasLeadingZeros: boolean;
  /** Files whose last line had an end. */
  readonly ended: readonly string[];
  /** Stamps of the delta files that were applied, in order. */
  readonly deltas: readonly string[];
  /**
   * They are said to be whole and were read once. Nobody can be asked about memberships, so a second reading of them is what
   * ends those that are gone: the next export may be weeks away.
   */
  readonly isToReadAgain?: boolean;
}

/** Delta files that were applied on top of them would be undone by it. */
export function isToReadAgain(previous: SeenSet | null): boolean {
  return previous?.isToReadAgain === true && previous.deltas.length === 0;
}
