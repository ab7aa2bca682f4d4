/** One result for everybody who asks within `ms` of the first one, such as gauges that are collected together. */
export function sharedFor<T>(ms: number, work: () => Promise<T>): () => Promise<T> {
  let last: { readonly at: number; readonly result: Promise<T> } | undefined;
  return () => {
    if (last === undefined || performance.now() - last.at > ms)
      last = { at: performance.now(), result: work() };
    return last.result;
  };
}
