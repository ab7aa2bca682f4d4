import { isId, InvalidInputError, type IdPrefix } from '#kernel';
import type { PageOrder, PageRequest } from '#model';
import { parameter, query, numberParameter, type QueryParameter, type QueryReader } from './query.js';
import { oneOf, text } from './values.js';

const ORDERS: readonly PageOrder[] = ['desc', 'asc', 'normal'];

type Filters = Readonly<Record<string, QueryParameter<unknown>>>;
type Read<F extends Filters> = { readonly [K in keyof F]: F[K] extends QueryParameter<infer T> ? T : never };

/** The query of a list of `prefix` objects: paging, and the filters of this list. */
export function pageQuery<F extends Filters>(
  prefix: IdPrefix,
  filters: F,
  defaultOrder: PageOrder = 'desc',
): QueryReader<Read<F> & { readonly page: PageRequest }> {
  const paging = {
    limit: numberParameter({ min: 1, max: 100, default: 10 }, 'How many items a page has.'),
    order: parameter(
      { ...oneOf(ORDERS), schema: { type: 'string', enum: [...ORDERS], default: defaultOrder } },
      '`desc`: newest first. `asc`: oldest first. `normal`: newest first, where `after` asks for newer items.',
    ),
    before: cursorParameter(prefix, 'Show the page in front of this item.'),
    after: cursorParameter(prefix, 'Show the page behind this item; wins over `before`.'),
  };
  const reader = query({ ...paging, ...filters });
  return {
    parameters: reader.parameters,
    read: (raw) => {
      const { limit, order, before, after, ...rest } = reader.read(raw) as Read<F> & Read<typeof paging>;
      const cursor = after === undefined ? (before === undefined ? {} : { before }) : { after };
      return { ...(rest as unknown as Read<F>), page: { limit, order: order ?? defaultOrder, ...cursor } };
    },
  };
}

/** Pages start at a position, not at a row, so the id of something deleted is as good as any. */
function cursorParameter(prefix: IdPrefix, description: string): QueryParameter<string | undefined> {
  const plain = parameter(text(), `${description} An id from this list.`);
  return {
    ...plain,
    read: (raw, name) => {
      const cursor = plain.read(raw, name);
      if (cursor !== undefined && !isId(prefix, cursor))
        throw new InvalidInputError(
          `"${cursor}" is no cursor of this list. Use an id that the list returned.`,
          {
            code: 'invalid_cursor',
          },
        );
      return cursor;
    },
  };
}
