import { type Command, InvalidArgumentError } from 'commander';
import type { StreamName } from '../../ts/container/foreground.ts';
import { collect } from './values.ts';

/** Which streams are connected. */
export interface StreamFlags {
  attach?: StreamName[];
}

const STREAMS: readonly StreamName[] = ['stdin', 'stdout', 'stderr'];

export function addStreamFlags(command: Command): void {
  command.option(
    '-a, --attach <stream>',
    'connect only stdin, stdout or stderr; can be repeated',
    collect(streamName, InvalidArgumentError),
  );
}

/** In small or capital letters, as with Docker. */
function streamName(text: string): StreamName {
  const name = STREAMS.find((stream) => stream === text.toLowerCase());
  if (name !== undefined) return name;
  throw new InvalidArgumentError('valid streams are stdin, stdout and stderr.');
}
