import type { Digest } from '../oci/digest.ts';
import { applyChanges } from '../oci/instructions/changes.ts';
import type { ExecutionConfig, HistoryEntry, ImageConfig } from '../oci/types.ts';

/** What a commit says of itself. */
export interface CommitMark {
  author?: string | undefined;
  message?: string | undefined;
  /** Seconds since 1970; now by default. */
  epoch?: number | undefined;
}

/**
 * What the image shall run, given what the container ran. As Docker's commit: a check's times that are not given stay, and
 * so does the command when the entrypoint is taken away.
 * @throws ERR_RCX_INVALID_CHANGE
 */
export function changed(before: ExecutionConfig, changes: readonly string[]): ExecutionConfig {
  const after = { ...applyChanges(before, changes) };
  const { Cmd = [], Entrypoint = [], Healthcheck } = after;
  if (Entrypoint.length === 0 && Cmd.length === 0 && before.Cmd !== undefined) after.Cmd = before.Cmd;
  if (Healthcheck !== undefined) after.Healthcheck = { ...before.Healthcheck, ...Healthcheck };
  return after;
}

/**
 * The config of the new image.
 * @param base of the image that the container was made of
 * @param layer diff ID of what the container has changed, if that is anything
 */
export function committedConfig(
  base: ImageConfig,
  { execution, args }: { execution: ExecutionConfig; args: readonly string[] },
  layer: Digest | undefined,
  { author, message, epoch }: CommitMark,
): ImageConfig {
  const created = new Date(epoch === undefined ? Date.now() : epoch * 1000).toISOString();
  const step: HistoryEntry = {
    created,
    ...(author !== undefined && { author }),
    created_by: args.join(' '),
    ...(message !== undefined && { comment: message }),
    ...(layer === undefined && { empty_layer: true }),
  };
  const { author: _author, docker_version: _madeBy, ...rest } = base;
  // Where there is a history, it has a step for each layer (image-spec, config.md).
  const before: HistoryEntry[] = base.history ?? base.rootfs.diff_ids.map(() => ({}));
  return {
    ...rest,
    created,
    ...(author !== undefined && { author }),
    config: execution,
    rootfs: { type: 'layers', diff_ids: [...base.rootfs.diff_ids, ...(layer === undefined ? [] : [layer])] },
    history: [...before, step],
  };
}
