import type { Uploads } from '../../sdk/uploads.js';
import { roleOfName } from './files/find-sets.js';
import { UPLOADED } from './manifest.js';

/** Files that are uploaded by SFTP or HTTPS. */
export const uploads: Uploads = {
  isOn: (answers) => answers[UPLOADED.key] === UPLOADED.is,
  roleOf: (answers, name) =>
    roleOfName(name, {
      usersFile: typeof answers['users_file'] === 'string' ? answers['users_file'] : 'users',
      isNumbered: answers['numbered'] === true,
      pgp: { isEncrypted: answers['pgp_encrypted'] === true, isSigned: answers['pgp_signed'] === true },
    }),
  publicKeys: ({ public_keys: keys }) => (Array.isArray(keys) ? (keys as string[]) : []),
};
