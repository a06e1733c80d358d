import { type Command, InvalidArgumentError } from 'commander';
import type { ContainerOptions } from '../../ts/container/options.ts';
import { parseExpose } from '../../ts/container/ports.ts';
import { readPairs } from './environment.ts';
import { collect, label } from './values.ts';

/** What is known of a container, and where. */
export interface MetadataFlags {
  label?: Record<string, string>;
  labelFile?: string[];
  annotation?: Record<string, string>;
  cidfile?: string;
  expose?: string[][];
}

export function addMetadataFlags(command: Command): void {
  command
    .option('-l, --label <name=value>', 'label of the container', label, {})
    .option('--label-file <file>', 'file with a label on each line', collect(String, InvalidArgumentError))
    .option(
      '--annotation <name=value>',
      'annotation in the container’s runtime-spec',
      (text, before?: Record<string, string>) => label(text, before ?? {}),
    )
    .option('--cidfile <file>', 'write the container’s id into a new file')
    .option('--expose <port[-port][/protocol]>', 'port that it listens at', collect(parseExpose, InvalidArgumentError));
}

export function metadataOptions(flags: MetadataFlags): ContainerOptions {
  const { annotation, cidfile, expose } = flags;
  const files = (flags.labelFile ?? []).flatMap((path) => readPairs(path, '--label-file'));
  return {
    labels: { ...files.reduce((labels, line) => label(line, labels), {}), ...flags.label },
    annotations: annotation,
    cidFile: cidfile,
    exposedPorts: expose?.flat(),
  };
}
