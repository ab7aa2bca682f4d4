/** The query string as Fastify parses it. */
export type RawQuery = Readonly<Record<string, string | string[] | undefined>>;
