/**
 * A copy of `record` with these members set. `Object.fromEntries` defines them: `__proto__`, which anybody may use as
 * the name of a label, becomes an ordinary member and does not set the prototype.
 */
export function withMembers<T>(
  record: Record<string, T> | undefined,
  members: readonly (readonly [string, T])[],
): Record<string, T> {
  return Object.fromEntries([...Object.entries(record ?? {}), ...members]);
}

/** As {@link withMembers} for the config's sets, whose members are names with empty objects. */
export function withNames(
  record: Record<string, Record<string, never>> | undefined,
  names: readonly string[],
): Record<string, Record<string, never>> {
  return withMembers(
    record,
    names.map((name) => [name, {}] as const),
  );
}
