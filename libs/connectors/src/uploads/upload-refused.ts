import { RollcallError } from '#kernel';

export type UploadRefusal =
  | 'unauthorized'
  | 'bad_name'
  | 'bad_digest'
  | 'bad_encoding'
  | 'empty'
  | 'incomplete'
  | 'digest_mismatch'
  | 'too_large'
  | 'too_many'
  | 'paused'
  | 'not_found'
  | 'not_uploaded';

/** A file is not taken. `message` is for whoever sends it: what was wrong, what to do. */
export class UploadRefused extends RollcallError {
  readonly reason: UploadRefusal;

  constructor(reason: UploadRefusal, message: string) {
    super(message, { code: reason });
    this.reason = reason;
  }
}
