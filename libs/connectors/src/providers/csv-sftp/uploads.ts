import type { Uploads } from '../../sdk/uploads.js';
import { isPgpName, roleOfName } from './files/find-sets.js';
import { UPLOADED } from './manifest.js';

/** Files that are uploaded by SFTP or HTTPS. */
export const uploads: Uploads = {
  isOn: (answers) => answers[UPLOADED.key] === UPLOADED.is,
  roleOf: (answers, name) => {
    const isEncrypted = answers['pgp_encrypted'] === true;
    const role = roleOfName(name, {
      usersFile: typeof answers['users_file'] === 'string' ? answers['users_file'] : 'users',
      isNumbered: answers['numbered'] === true,
      pgp: { isEncrypted, isSigned: answers['pgp_signed'] === true },
    });
    // Better now than in the next run.
    return role === 'data' && isEncrypted && !isPgpName(name) ? null : role;
  },
  publicKeys: ({ public_keys: keys }) => (Array.isArray(keys) ? (keys as string[]) : []),
};
