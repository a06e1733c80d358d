import { present } from '../json.ts';
import { quote } from '../quote.ts';
import type { Healthcheck } from '../types.ts';
import { parseDuration } from './duration.ts';
import { execForm } from './execForm.ts';
import type { Apply, Failure, Instruction } from './instruction.ts';
import { splitFirst } from './space.ts';

const OPTIONS = ['--interval', '--timeout', '--start-period', '--start-interval', '--retries'] as const;
type Option = (typeof OPTIONS)[number];

/** What Docker's daemon can time. */
const SHORTEST = 1_000_000n;
const MOST_RETRIES = 2 ** 31 - 1;

/**
 * `HEALTHCHECK [options] CMD command`, or `HEALTHCHECK NONE`. Options of 0 are left out of the config: they mean Docker's
 * default, as in an image that does not have them.
 */
export const healthcheck: Apply = ({ config }, instruction) => {
  const [type, command] = splitFirst(instruction.rest);
  switch (type.toUpperCase()) {
    case 'NONE':
      if (command !== '' || instruction.flags.length > 0) throw instruction.fail('NONE stands alone');
      return { ...config, Healthcheck: { Test: ['NONE'] } };
    case 'CMD':
      return { ...config, Healthcheck: { Test: test(command, instruction), ...timing(instruction) } };
    default:
      throw instruction.fail(`${quote(type)} is neither CMD nor NONE`);
  }
};

/** The shell form is left to whoever runs the check: `CMD-SHELL`. */
function test(command: string, instruction: Instruction): string[] {
  const exec = execForm(command, instruction);
  if (command === '' || exec?.length === 0) throw instruction.fail('there is no command behind CMD');
  return exec === undefined ? ['CMD-SHELL', command] : ['CMD', ...exec];
}

function timing({ flags, fail }: Instruction): Omit<Healthcheck, 'Test'> {
  const values = readOptions(flags, fail);
  const duration = (option: Option): number | undefined => nanoseconds(option, values.get(option) ?? '', fail);
  return present({
    Interval: duration('--interval'),
    Timeout: duration('--timeout'),
    StartPeriod: duration('--start-period'),
    StartInterval: duration('--start-interval'),
    Retries: retries(values.get('--retries') ?? '', fail),
  });
}

function readOptions(flags: readonly string[], fail: Failure): Map<Option, string> {
  const values = new Map<Option, string>();
  for (const flag of flags) {
    const equals = flag.indexOf('=');
    const name = equals === -1 ? flag : flag.slice(0, equals);
    const option = OPTIONS.find((each) => each === name);
    if (option === undefined) throw fail(`it has no option ${quote(name)}`, `its options are ${OPTIONS.join(', ')}.`);
    if (equals === -1) throw fail(`${option} has no value`, `write it as ${option}=VALUE.`);
    if (values.has(option)) throw fail(`${option} is there twice`, 'leave one of them out.');
    values.set(option, flag.slice(equals + 1));
  }
  return values;
}

function nanoseconds(option: Option, text: string, fail: Failure): number | undefined {
  if (text === '') return undefined;
  const value = parseDuration(text);
  const hint = 'write a duration such as 30s, 1m30s or 500ms; 0 is the default.';
  if (value === undefined) throw fail(`${option}: ${quote(text)} is not a duration`, hint);
  if (value !== 0n && value < SHORTEST) throw fail(`${option}: ${quote(text)} is shorter than 1ms`, hint);
  // More than a JSON number holds to the nanosecond: 104 days.
  if (value > Number.MAX_SAFE_INTEGER) throw fail(`${option}: ${quote(text)} is longer than 104 days`, hint);
  return value === 0n ? undefined : Number(value);
}

function retries(text: string, fail: Failure): number | undefined {
  if (text === '') return undefined;
  const value = /^[0-9]+$/.test(text) ? Number(text) : Number.NaN;
  if (value <= MOST_RETRIES) return value === 0 ? undefined : value;
  throw fail(
    `--retries: ${quote(text)} is not a number of retries`,
    'write a whole number such as 3; 0 is the default.',
  );
}
