import { isAbsolute } from 'node:path';
import { RcxError } from '../errors.ts';
import { plain, quote } from '../oci/quote.ts';
import type { Volume } from './record.ts';

/** A volume's own mount, in the words of mount(8). */
export interface DriverMount {
  type: string;
  source: string;
  options: string[];
}

const KNOWN: readonly string[] = ['type', 'device', 'o'];

/**
 * Checks options of Docker's `local` driver.
 * @throws ERR_RCX_INVALID_OPTION
 */
export function checkDriver(driver: string | undefined, options: Record<string, string>, name = ''): void {
  const problem = problemOf(driver, options);
  if (problem === undefined) return;
  const { why, about, hint } = problem;
  throw new RcxError(`create ${plain(name) || 'a volume'}: ${why}`, {
    code: 'ERR_RCX_INVALID_OPTION',
    step: 'create a volume',
    path: plain(about),
    hint,
  });
}

/** What is wrong, with which option, and what to do. */
interface Problem {
  why: string;
  about: string;
  hint: string;
}

function problemOf(driver: string | undefined, options: Record<string, string>): Problem | undefined {
  if (driver !== undefined && driver !== '' && driver !== 'local') {
    return problem(`the driver ${quote(driver)} is not there`, driver, 'the only driver is local; leave --driver out');
  }
  if ('size' in options) return problem('quota size requested but no quota support', 'size', 'leave the option out');
  const unknown = Object.keys(options).find((name) => !KNOWN.includes(name));
  if (unknown !== undefined) return problem(`invalid option: ${quote(unknown)}`, unknown, `use ${KNOWN.join(', ')}`);
  const { type, device, o } = options;
  if (o === undefined && type === undefined && device === undefined) return undefined;
  for (const [name, value] of Object.entries({ device, type })) {
    if (value === undefined || value === '') {
      return problem(`missing required option: ${quote(name)}`, name, 'give type, device and o, as for mount(8)');
    }
  }
  if (isBind(options) && !isAbsolute(device ?? '')) {
    return problem(
      `the device ${quote(device ?? '')} is no absolute path`,
      'device',
      'give a directory of this machine',
    );
  }
  const address = optionList(options).find((option) => /^(mountvers|addr)=/.test(option));
  if (address !== undefined && !/^addr=[0-9a-fA-F.:]+$/.test(address)) {
    return problem(`the option ${quote(address)} is not supported`, 'o', 'give the server’s address, addr=10.0.0.1');
  }
  return undefined;
}

/** What is mounted for a volume with options; `undefined` for one whose content is in its folder. */
export function driverMount({ options }: Pick<Volume, 'options'>): DriverMount | undefined {
  const { type, device } = options;
  if (type === undefined || device === undefined) return undefined;
  return { type: isBind(options) ? 'bind' : type, source: device, options: optionList(options) };
}

function isBind(options: Record<string, string>): boolean {
  return optionList(options).some((option) => option === 'bind' || option === 'rbind');
}

function optionList({ o = '' }: Record<string, string>): string[] {
  return o.split(',').filter((option) => option !== '');
}

function problem(why: string, about: string, hint: string): Problem {
  return { why, about, hint };
}
