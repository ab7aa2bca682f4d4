import { Database } from '#kernel';

/** Refuses every statement from one on, as a process does that is gone. */
export class MortalDatabase extends Database {
  statementsLeft = Infinity;

  override query: Database['query'] = (statement) => {
    this.#count();
    return super.query(statement);
  };

  override transaction: Database['transaction'] = (work, begin) =>
    super.transaction(
      (tx) =>
        work({
          query: (statement) => {
            this.#count();
            return tx.query(statement);
          },
        }),
      begin,
    );

  #count(): void {
    if (--this.statementsLeft < 0) throw new Error('killed');
  }
}
