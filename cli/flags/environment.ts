import { readFileSync } from 'node:fs';
import { RcxError } from '../../ts/errors.ts';

/** `NAME=value`, or `NAME` for this process' own value; empty when it has none, as in Docker. */
export function hostEnv(text: string): string {
  if (text.includes('=')) return text;
  const value = process.env[text];
  return value === undefined ? '' : `${text}=${value}`;
}

/** Variables of an `--env-file`. */
export function envFile(path: string): string[] {
  return readPairs(path, '--env-file').map(hostEnv);
}

/** Lines of a file that a flag names: comments and empty lines are skipped. @throws ERR_RCX_ENV_FILE */
export function readPairs(path: string, flag: string): string[] {
  let content: string;
  try {
    content = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new RcxError(`read ${flag}: ${path}: ${(cause as Error).message}`, {
      code: 'ERR_RCX_ENV_FILE',
      step: `read ${flag}`,
      path,
      hint: 'check the path',
      cause,
    });
  }
  const lines = content.split('\n').map((line) => line.replace(/^\s+|\r$/g, ''));
  return lines.filter((line) => line !== '' && !line.startsWith('#'));
}

/** 9999-12-31T23:59:59Z: RFC 3339, which images are dated by, has no later year. */
const LAST_EPOCH = 253_402_300_799;

/**
 * Seconds since 1970 that images are dated to, for builds that give the same result twice
 * (https://reproducible-builds.org/specs/source-date-epoch/).
 */
export function sourceDateEpoch(env: NodeJS.ProcessEnv = process.env): number | undefined {
  const text = env.SOURCE_DATE_EPOCH;
  if (text === undefined || text === '') return undefined;
  if (/^[0-9]{1,12}$/.test(text) && Number(text) <= LAST_EPOCH) return Number(text);
  throw new RcxError(`read SOURCE_DATE_EPOCH: ${JSON.stringify(text)} is not a number of seconds`, {
    code: 'ERR_RCX_INVALID_OPTION',
    step: 'read SOURCE_DATE_EPOCH',
    hint: 'set it to seconds since 1970, before the year 10000, or unset it',
  });
}
