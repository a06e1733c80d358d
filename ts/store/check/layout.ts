import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isRcxError, RcxError } from '../../errors.ts';
import type { Descriptor } from '../../oci/types.ts';
import { ImageLayout } from '../layout.ts';
import type { StorePaths } from '../paths.ts';
import { type Problem, REPAIR } from './findings.ts';

/** What the image layout's own files say. */
export interface LayoutCheck {
  /** Entries of `index.json`; undefined when it cannot be read. */
  entries: Descriptor[] | undefined;
  problems: Problem[];
}

/** Checks `oci-layout` and `index.json` (image-spec, image-layout.md). A store that nothing was pulled into has neither. */
export function checkLayout(paths: StorePaths): LayoutCheck {
  const problems: Problem[] = [];
  const marker = join(paths.images, 'oci-layout');
  const index = join(paths.images, 'index.json');
  if (existsSync(index) && !isLayoutMarker(marker)) {
    const message = `image layout: ${marker}: it does not say imageLayoutVersion 1.0.0`;
    problems.push({ kind: 'layout', message, path: marker, hint: REPAIR });
  }
  try {
    return { entries: new ImageLayout(paths).entries(), problems };
  } catch (error) {
    if (!isRcxError(error)) throw error;
    return { entries: undefined, problems: [...problems, indexProblem(index, error)] };
  }
}

/** Whether the file is what the image-spec wants there. */
export function isLayoutMarker(path: string): boolean {
  try {
    const { imageLayoutVersion } = JSON.parse(readFileSync(path, 'utf8')) as { imageLayoutVersion?: unknown };
    return imageLayoutVersion === '1.0.0';
  } catch {
    return false;
  }
}

function indexProblem(path: string, error: RcxError): Problem {
  const why = error.cause instanceof RcxError ? error.cause.message : error.message;
  return { kind: 'index', message: `image index: ${path}: it names no image any more: ${why}`, path, hint: REPAIR };
}
