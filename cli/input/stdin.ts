import { text } from 'node:stream/consumers';

/** All of stdin without the end of its last line: `echo`, files and editors add one that nobody means. */
export async function readSecret(): Promise<string> {
  return (await text(process.stdin)).replace(/\r?\n$|\r$/, '');
}
