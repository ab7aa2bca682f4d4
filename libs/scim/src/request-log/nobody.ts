/** Environment and directory of entries that are for the operator: nobody has proved to belong to any. */
export const NOBODY = '';
