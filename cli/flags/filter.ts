import { InvalidArgumentError, Option } from 'commander';
import { collect } from './values.ts';

/**
 * The flag `-f, --filter`, or `--filter` alone.
 * @param description which filters there are
 */
export function filterOption(description: string, flags = '-f, --filter <filter>'): Option {
  return new Option(flags, description).argParser(collect(checked, InvalidArgumentError));
}

/** What cannot be a filter is a wrong flag, one that is not known a failure, as with Docker. */
function checked(text: string): string {
  if (!text.includes('=')) throw new InvalidArgumentError('bad format of filter (expected name=value)');
  return text;
}
