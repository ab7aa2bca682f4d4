/**
 * What is asked for and kept of a user; a list shows a few fields only unless they are asked for. Times of logins and
 * changes stay out: they would make an update of nothing.
 */
export const USER_FIELDS = [
  'id',
  'username',
  'email',
  'firstname',
  'lastname',
  'title',
  'department',
  'company',
  'status',
  'state',
  'group_id',
  'directory_id',
  'external_id',
  'samaccountname',
  'userprincipalname',
  'manager_user_id',
  'created_at',
  'custom_attributes',
];
