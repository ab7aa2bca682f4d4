/*
 * Half a million memberships are compared in memory or nearly so. The server knows nothing about tables that were filled
 * a second ago: left to itself it would look up each of them, one by one, or sort them all.
 */
export const FOR_LARGE_SETS = `SELECT set_config('work_mem', '64MB', true), set_config('statement_timeout', '10min', true),
  set_config('enable_nestloop', 'off', true), set_config('enable_mergejoin', 'off', true)`;
