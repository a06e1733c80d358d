import { RcxError } from '../errors.ts';
import { plain } from '../oci/quote.ts';
import { toRcxError } from '../store/nativeError.ts';

/**
 * A name or text from an archive: a string whose every character stands for one byte (as `latin1` decodes), because
 * names in archives and on Linux are bytes and need not be UTF-8.
 */
export type ByteString = string;

/** The byte string as UTF-8, for people. */
export function readable(bytes: ByteString): string {
  return plain(Buffer.from(bytes, 'latin1').toString('utf8'));
}

/** The archive breaks a rule; `entry` is the name of the entry that does. */
export function invalidLayer(rule: string, entry?: ByteString): RcxError {
  const where = entry === undefined ? '' : `${readable(entry)}: `;
  return new RcxError(`${where}${rule}`, {
    code: 'ERR_RCX_LAYER_INVALID',
    step: 'unpack layer',
    path: entry === undefined ? undefined : readable(entry),
    hint: 'the image itself is damaged or hostile: nothing of this layer was kept. Ask its publisher, or use another tag.',
  });
}

/** Any failure while unpacking, with the layer's name in its message: `unpack layer sha256:…: etc/passwd: …`. */
export function layerFailure(layer: string, error: unknown): RcxError {
  const cause = toRcxError(error, 'ERR_RCX_LAYER_WRITE');
  return new RcxError(`unpack layer ${layer}: ${cause.message}`, {
    code: cause.code,
    step: 'unpack layer',
    path: cause.path,
    errno: cause.errno,
    hint: cause.hint,
    cause,
  });
}
