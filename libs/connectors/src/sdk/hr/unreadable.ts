import type { SnapshotRecord } from '#model';

/** What a connection test warns of: people among those that it read who cannot be told. */
export function unreadableWarnings(people: readonly SnapshotRecord[]): readonly string[] {
  const unreadable = people.filter(({ kind }) => kind === 'invalid').length;
  if (unreadable === 0) return [];
  return [
    `${unreadable} of ${people.length} people cannot be read. They stay as they were; see the samples.`,
  ];
}

/** The people among records, also those who cannot be told. */
export function peopleIn(records: readonly SnapshotRecord[]): readonly SnapshotRecord[] {
  return records.filter(
    (record) => record.kind === 'user' || (record.kind === 'invalid' && record.of === 'user'),
  );
}
