import { newId, type Clock, type Queryable } from '#kernel';
import type { NewEvent } from '#model';
import { isHarmless, judgeWindow, type Before, type RemovalKind } from '../guard/judge.js';
import { readPolicy, type GuardPolicy } from '../guard/policy.js';
import { count, countsOf, slide, withAlert, withBefore, type RemovalWindow } from '../guard/window.js';
import { holdNotice, holdWire, type NewHold } from '../holds/hold-rows.js';
import type { BatchOptions } from './batch-options.js';
import type { Head } from './head.js';

/** A removal that took effect, as it is remembered for a restore. */
export interface AppliedRemoval {
  readonly kind: 'user' | 'group' | 'membership';
  readonly action: 'deactivate' | 'delete' | 'remove';
  readonly userId: string;
  readonly groupId: string;
  /** Groups of a removed user, members of a removed group. */
  readonly linkedIds: readonly string[];
}

interface Asked {
  readonly kind: RemovalKind;
  readonly number: number;
  /** When the user was last counted. */
  readonly countedAt?: string | undefined;
}

/** Decides for one batch whether removals take effect, and keeps what has to be written about them. */
export class BatchGuard {
  readonly #tx: Queryable;
  readonly #head: Head;
  readonly #now: Date;
  readonly #options: BatchOptions;
  readonly #events: NewEvent[];
  readonly #policy: GuardPolicy;
  readonly #removals: AppliedRemoval[] = [];
  #window: RemovalWindow;
  #holdId: string | null;
  #newHold: NewHold | undefined;

  constructor(tx: Queryable, head: Head, batch: BatchOptions & { clock: Clock; events: NewEvent[] }) {
    this.#tx = tx;
    this.#head = head;
    this.#options = batch;
    this.#events = batch.events;
    this.#now = batch.clock.now();
    this.#policy = readPolicy(head.config, this.#now);
    this.#window = head.removals.window;
    this.#holdId = head.removals.holdId;
  }

  /**
   * Whether removals may take effect, all or none of them; those that may are counted. Once a hold is open, nothing
   * more is removed until it is decided; changed identities are held only while they are many themselves.
   */
  async admits(asked: Asked): Promise<boolean> {
    const { removals } = this.#options;
    if (removals.kind === 'judged') return removals.holdId === null;
    if (this.#holdId !== null && asked.kind !== 'identities') return false;
    const reasons = await this.#exceeded(asked);
    if (reasons.length > 0 && this.#policy.action === 'hold') {
      this.#open(reasons);
      return false;
    }
    if (reasons.length > 0) this.#alert(reasons);
    this.#window = count(this.#window, asked, this.#now);
    return true;
  }

  /** A removal took effect. Single memberships are remembered only where a whole hold or run can be restored. */
  removed(removal: AppliedRemoval): void {
    if (removal.kind !== 'membership' || this.holdOfRemovals !== null || this.runId !== null)
      this.#removals.push(removal);
  }

  get applied(): readonly AppliedRemoval[] {
    return this.#removals;
  }

  /** The approved hold that removals of this batch come from. */
  get holdOfRemovals(): string | null {
    return this.#options.approvedHoldId ?? null;
  }

  get runId(): string | null {
    return this.#options.runId ?? null;
  }

  get now(): string {
    return this.#now.toISOString();
  }

  /** The hold that new pending removals belong to. */
  holdForItems(): string {
    const { removals } = this.#options;
    if (removals.kind === 'judged' && removals.holdId !== null) return removals.holdId;
    if (this.#holdId === null) this.#open(['More was removed after the approval of another hold.']);
    return this.#holdId as string;
  }

  get newHold(): NewHold | undefined {
    return this.#newHold;
  }

  /** What has to be stored of the window; undefined when nothing changed. */
  get windowToWrite(): { readonly state: RemovalWindow; readonly holdId: string | null } | undefined {
    const { window, holdId } = this.#head.removals;
    const changed = this.#window !== window || this.#holdId !== holdId;
    return changed ? { state: this.#window, holdId: this.#holdId } : undefined;
  }

  async #exceeded({ kind, number, countedAt }: Asked): Promise<readonly string[]> {
    this.#window = slide(this.#window, this.#now);
    const counts = countsOf(count(this.#window, { kind, number, countedAt }, this.#now));
    if (isHarmless(this.#policy, kind, counts[kind])) return [];
    const before = this.#window.before ?? (await this.#countBefore());
    return judgeWindow(this.#policy, before, { kind, counts, next: 0 }).reasons;
  }

  /** Only counted when more than a few go, once an hour: what is there, and what has gone since. */
  async #countBefore(): Promise<Before> {
    const rows = await this.#tx.query<{ users: number; groups: number; memberships: number }>({
      name: 'directory_guard_before',
      text: COUNT_BEFORE,
      values: [this.#head.environmentId, this.#head.directoryId],
    });
    const gone = countsOf(slide(this.#head.removals.window, this.#now));
    const before = {
      activeUsers: (rows[0]?.users ?? 0) + gone.users,
      groups: (rows[0]?.groups ?? 0) + gone.groups,
      memberships: (rows[0]?.memberships ?? 0) + gone.memberships,
    };
    this.#window = withBefore(this.#window, before, this.#now);
    return before;
  }

  #open(reasons: readonly string[]): void {
    if (this.#holdId !== null) return;
    this.#newHold = this.#hold(reasons);
    this.#holdId = this.#newHold.id;
    this.#events.push(holdNotice('directory.removals_held', this.#head.directoryId, this.#newHold));
  }

  /** Once an hour, not for every removal. */
  #alert(reasons: readonly string[]): void {
    if (this.#window.alertedMinute !== null) return;
    this.#window = withAlert(this.#window, this.#now);
    const { id: _, state: __, ...data } = holdWire(this.#head.directoryId, this.#hold(reasons));
    this.#events.push({ type: 'directory.removals_alert', data: { ...data, object: 'removal_alert' } });
  }

  #hold(reasons: readonly string[]): NewHold {
    return {
      id: newId('removal_hold'),
      source: 'push',
      state: 'open',
      runId: null,
      reasons,
      counts: countsOf(this.#window),
      openedAt: this.#now.toISOString(),
    };
  }
}

const COUNT_BEFORE = `
SELECT (SELECT count(*) FROM directory_users
    WHERE environment_id = $1 AND directory_id = $2 AND active AND deleted_at IS NULL) AS users,
  (SELECT count(*) FROM directory_groups
    WHERE environment_id = $1 AND directory_id = $2 AND deleted_at IS NULL) AS groups,
  (SELECT count(*) FROM memberships WHERE environment_id = $1 AND directory_id = $2) AS memberships`;
