/** Docker's twelve digits of a container's id or of a digest. */
export function shortId(id: string): string {
  return id.slice(id.indexOf(':') + 1).slice(0, 12);
}
