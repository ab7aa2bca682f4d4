/** Runs work in turn, key by key: each begins when the one before has ended, and not at all if that has failed. */
export class Turns {
  readonly #last = new Map<string, Promise<unknown>>();

  /** @throws what `work` throws, or what the one before threw. */
  take<T>(key: string, work: () => Promise<T>): Promise<T> {
    const turn = (this.#last.get(key) ?? Promise.resolve()).then(work);
    this.#last.set(key, turn);
    const forget = (): void => {
      if (this.#last.get(key) === turn) this.#last.delete(key);
    };
    turn.then(forget, forget);
    return turn;
  }
}
