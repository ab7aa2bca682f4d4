/** The part of a page of an SDK that is needed to walk a list. */
interface SdkPage<T> {
  readonly data: readonly T[];
  readonly listMetadata: { readonly after?: string | null };
}

interface SdkListOptions {
  readonly directory: string;
  readonly limit: number;
  readonly order: 'asc';
  readonly after?: string;
}

/** A directory group as the Node SDK returns it. */
export interface SdkGroup {
  readonly id: string;
  readonly idpId: string;
  readonly directoryId: string;
  readonly organizationId: string | null;
  readonly name: string;
  readonly rawAttributes: unknown;
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** A directory user as the Node SDK returns it. */
export interface SdkUser extends Omit<SdkGroup, 'name'> {
  readonly email: string | null;
  readonly firstName: string | null;
  readonly lastName: string | null;
  readonly state: string;
  readonly customAttributes: unknown;
  readonly groups: readonly SdkGroup[];
}

/** `workos.directorySync` of the Node SDK, or anything like it. */
export interface DirectorySyncReader {
  listUsers(options: SdkListOptions): Promise<SdkPage<SdkUser>>;
  listGroups(options: SdkListOptions): Promise<SdkPage<SdkGroup>>;
}

/** Everything that the REST API shows of one directory. */
export interface RestDirectory {
  readonly users: readonly SdkUser[];
  readonly groups: readonly SdkGroup[];
}

/** Reads a whole directory, oldest first, so that what is created meanwhile lands on the last page. */
export async function readRest(reader: DirectorySyncReader, directoryId: string): Promise<RestDirectory> {
  const options = { directory: directoryId, limit: 100, order: 'asc' } as const;
  const [users, groups] = await Promise.all([
    readAll((after) => reader.listUsers({ ...options, ...after })),
    readAll((after) => reader.listGroups({ ...options, ...after })),
  ]);
  return { users, groups };
}

async function readAll<T>(readPage: (after: { after?: string }) => Promise<SdkPage<T>>): Promise<T[]> {
  const items: T[] = [];
  for (let after: string | null | undefined = undefined; ;) {
    const page: SdkPage<T> = await readPage(after ? { after } : {});
    items.push(...page.data);
    after = page.listMetadata.after;
    if (!after) return items;
  }
}
