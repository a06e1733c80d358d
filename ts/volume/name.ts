import { RcxError } from '../errors.ts';
import { plain } from '../oci/quote.ts';

/** As many bytes as a directory entry may have. */
const LONGEST = 255;
const CHARACTERS = '[a-zA-Z0-9][a-zA-Z0-9_.-]';

/**
 * Docker's rules for the name of a volume, in its words.
 * @throws ERR_RCX_INVALID_NAME
 */
export function checkVolumeName(name: string): string {
  if (name.length === 1) {
    throw invalid(name, 'volume name is too short, names should be at least two alphanumeric characters');
  }
  if (name.length > LONGEST) throw invalid(name, `volume name is too long, names have ${LONGEST} characters at most`);
  if (/^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(name)) return name;
  const hint = 'If you intended to pass a host directory, use absolute path';
  throw invalid(
    name,
    `"${plain(name)}" includes invalid characters for a local volume name, only "${CHARACTERS}" are allowed`,
    hint,
  );
}

function invalid(name: string, why: string, hint?: string): RcxError {
  const path = plain(name);
  return new RcxError(`create ${path}: ${why}`, { code: 'ERR_RCX_INVALID_NAME', step: 'create a volume', path, hint });
}
