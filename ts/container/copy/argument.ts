import type { ByteString } from '../../layer/errors.ts';
import { invalidCopy } from './errors.ts';

/** One end of a copy as the user wrote it. */
export type CopyEnd =
  /** A path of this machine. */
  | { kind: 'local'; path: string }
  /** stdin or stdout. */
  | { kind: 'stream' }
  | { kind: 'container'; container: string; path: string };

/** What is copied where; exactly one end is a container's. */
export type CopyRequest =
  | { direction: 'out'; source: CopyEnd & { kind: 'container' }; target: Exclude<CopyEnd, { kind: 'container' }> }
  | { direction: 'in'; source: Exclude<CopyEnd, { kind: 'container' }>; target: CopyEnd & { kind: 'container' } };

/**
 * Reads `CONTAINER:PATH`, a path of this machine, or `-`, as docker does: an absolute path and one that begins with a dot are this
 * machine's, whatever colons are in it.
 */
export function parseCopyEnd(text: string): CopyEnd {
  if (text === '-') return { kind: 'stream' };
  const colon = text.indexOf(':');
  const [container, path] = [text.slice(0, colon), text.slice(colon + 1)];
  if (colon <= 0 || text.startsWith('/') || container.startsWith('.')) return { kind: 'local', path: text };
  return { kind: 'container', container, path };
}

/**
 * Reads both ends of a copy.
 * @throws ERR_RCX_INVALID_OPTION unless exactly one of them is a container's
 */
export function parseCopy(sourceText: string, targetText: string): CopyRequest {
  if (sourceText === '') throw invalidCopy('source can not be empty');
  if (targetText === '') throw invalidCopy('destination can not be empty');
  const [source, target] = [parseCopyEnd(sourceText), parseCopyEnd(targetText)];
  if (source.kind === 'container' && target.kind === 'container') {
    const hint = `copy through a pipe: rcx cp ${sourceText} - | rcx cp - ${targetText}`;
    throw invalidCopy('copying between containers is not supported', hint);
  }
  if (source.kind === 'container' && target.kind !== 'container') {
    return { direction: 'out', source: withPath(source), target };
  }
  if (target.kind === 'container' && source.kind !== 'container') {
    return { direction: 'in', source, target: withPath(target) };
  }
  throw invalidCopy('must specify at least one container source', 'name a container and a path in it: NAME:/path');
}

function withPath(end: CopyEnd & { kind: 'container' }): CopyEnd & { kind: 'container' } {
  if (end.path !== '') return end;
  throw invalidCopy(`${end.container}: the path in the container is missing`, `write ${end.container}:/path`);
}

/** Text as the bytes that the kernel is told. */
export function bytesOf(text: string): ByteString {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** The opposite. */
export function textOf(bytes: ByteString): string {
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
