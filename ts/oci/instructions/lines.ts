import { trimSpace } from './space.ts';

/** A backslash that ends a line, unless another escapes it, continues the line. */
const CONTINUATION = /(?<!\\)\\[ \t]*$/;

/**
 * The instructions of a Dockerfile's text, one a line: without comments and empty lines, and with continued lines
 * joined. What a here-document of RUN, COPY or ADD holds is not told apart.
 */
export function logicalLines(text: string): string[] {
  const lines: string[] = [];
  let continued: string | undefined;
  for (const physical of text.replace(/^\ufeff/, '').split('\n')) {
    const line = withoutReturns(physical);
    const content = trimSpace(line);
    // Both may stand between the parts of a continued line.
    if (content === '' || content.startsWith('#')) continue;
    const end = line.search(CONTINUATION);
    const joined = (continued ?? '') + (end === -1 ? line : line.slice(0, end));
    continued = end === -1 ? undefined : joined;
    if (continued === undefined) lines.push(joined);
  }
  return continued === undefined || trimSpace(continued) === '' ? lines : [...lines, continued];
}

function withoutReturns(line: string): string {
  let end = line.length;
  while (line[end - 1] === '\r') end--;
  return line.slice(0, end);
}
