import { readFileSync } from 'node:fs';

/** A line of `/proc/self/mountinfo`, proc_pid_mountinfo(5). */
export interface MountEntry {
  /** Mount point; blanks in it are octal escapes. */
  path: string;
  type: string;
  /** Options of the file system, not of this mount of it. */
  superOptions: string[];
}

/** The mounts that this process sees. */
export function mountTable(): MountEntry[] {
  return parseMountTable(readFileSync('/proc/self/mountinfo', 'utf8'));
}

/** From the text of a `mountinfo`. */
export function parseMountTable(text: string): MountEntry[] {
  return text.split('\n').flatMap((line) => {
    // The optional fields before the dash vary in number.
    const [before, after] = line.split(' - ');
    const path = before?.split(' ')[4];
    const [type, , options] = after?.split(' ') ?? [];
    if (path === undefined || type === undefined) return [];
    return [{ path, type, superOptions: options?.split(',') ?? [] }];
  });
}
