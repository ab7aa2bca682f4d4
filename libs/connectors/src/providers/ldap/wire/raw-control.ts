import { Control, type BerWriter } from 'ldapts';

/** A request control with a value that is encoded already; critical, so that no server passes over it. */
export class RawControl extends Control {
  readonly #value: Buffer;

  constructor(oid: string, value: Buffer) {
    super(oid, { critical: true });
    this.#value = value;
  }

  protected override writeControl(writer: BerWriter): void {
    if (this.#value.length > 0) writer.writeBuffer(this.#value, 0x04);
  }
}
