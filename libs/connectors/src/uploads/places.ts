import { UploadRefused } from './upload-refused.js';

const IN_ALL = 16;
const PER_DIRECTORY = 4;

/** How many uploads are under way in this process: each holds its file on the disk. */
export class Places {
  readonly #taken = new Map<string, number>();
  #all = 0;

  /** @returns what gives the place back. @throws UploadRefused when there is none */
  take(directoryId: string): () => void {
    const own = this.#taken.get(directoryId) ?? 0;
    if (this.#all >= IN_ALL || own >= PER_DIRECTORY)
      throw new UploadRefused('too_many', 'Too many uploads at once. Send the files one after the other.');
    this.#taken.set(directoryId, own + 1);
    this.#all += 1;
    let isTaken = true;
    return () => {
      if (!isTaken) return;
      isTaken = false;
      this.#all -= 1;
      const left = (this.#taken.get(directoryId) ?? 1) - 1;
      if (left > 0) this.#taken.set(directoryId, left);
      else this.#taken.delete(directoryId);
    };
  }
}
