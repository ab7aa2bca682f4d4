/**
 * Seals rows again, one after the other. One that cannot be opened does not keep the others from the new key.
 * @returns how many there were. @throws the first failure, after all others were done.
 */
export async function resealEach<R>(
  rows: readonly R[],
  reseal: (row: R) => Promise<unknown>,
): Promise<number> {
  const failures: unknown[] = [];
  for (const row of rows) await reseal(row).catch((error: unknown) => failures.push(error));
  if (failures.length > 0) throw failures[0];
  return rows.length;
}
