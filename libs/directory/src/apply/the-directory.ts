/** The one directory $2 of the environment $1 as `d`, looked up once; as a join it was looked up for each row. */
export const THE_DIRECTORY = `CROSS JOIN (SELECT d.organization_id FROM directories d
    WHERE d.environment_id = $1 AND d.id = $2) d`;
