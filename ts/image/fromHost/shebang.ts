/** First line of a script: the file the kernel starts, and the program that one starts where it is `env`. */
export interface Shebang {
  interpreter: string;
  program: string | undefined;
}

/** Options of env(1) whose value is the next word. */
const ENV_VALUE_OPTIONS = new Set(['-u', '--unset', '-C', '--chdir']);

/**
 * Reads `#!interpreter [argument]` as the kernel does (`fs/binfmt_script.c`), and `#!/usr/bin/env [-S] [NAME=VALUE…] program` as
 * env(1) does.
 *
 * @param start the first 256 bytes of a file, of which the kernel looks at no more
 */
export function parseShebang(start: Buffer): Shebang | undefined {
  if (start.toString('latin1', 0, 2) !== '#!') return undefined;
  const end = start.indexOf('\n');
  const line = start.toString('utf8', 2, end < 0 ? start.length : end).replace(/\0.*$/s, '');
  const words = line.split(/[ \t]+/).filter((word) => word !== '');
  const [interpreter, ...rest] = words;
  if (!interpreter?.startsWith('/')) return undefined;
  return { interpreter, program: /\/env$/.test(interpreter) ? programOfEnv(rest) : undefined };
}

function programOfEnv(words: string[]): string | undefined {
  const waiting = [...words];
  for (let word = waiting.shift(); word !== undefined; word = waiting.shift()) {
    const split = /^(?:-S|--split-string=)(.+)$/.exec(word);
    if (split?.[1] !== undefined) waiting.unshift(split[1]);
    else if (ENV_VALUE_OPTIONS.has(word)) waiting.shift();
    else if (!word.startsWith('-') && !word.includes('=')) return word;
  }
  return undefined;
}
