import { RcxError } from '../errors.ts';
import type { Digest } from '../oci/digest.ts';
import { plain } from '../oci/quote.ts';
import type { Subject } from './answer.ts';
import { type Endpoint, endpointName } from './endpoint.ts';
import type { BlobUpload } from './upload.ts';

type Upload = Pick<BlobUpload, 'subject' | 'descriptor'>;

/** The registry does not behave as one. @param problem what it does, `has forgotten the upload` */
export function confused({ subject, descriptor }: Upload, endpoint: Endpoint, problem: string): RcxError {
  const where = endpointName(endpoint);
  return new RcxError(`${subject.name}: the upload to ${where} cannot go on: it ${plain(problem)}`, {
    code: 'ERR_RCX_REGISTRY_ERROR',
    step: 'push',
    path: descriptor.digest,
    hint: 'this is a fault of the registry or of a proxy on the way to it; try again, or ask its operator.',
  });
}

/** The registry got something else than was to be sent. */
export function damaged({ subject, descriptor: { digest } }: Upload, endpoint: Endpoint): RcxError {
  return new RcxError(`${subject.name}: ${endpointName(endpoint)} refuses ${digest}: what it got is something else`, {
    code: 'ERR_RCX_DIGEST_MISMATCH',
    step: 'push',
    path: digest,
    hint: 'either the store is damaged (see: rcx system check) or the transfer was: try again.',
  });
}

/** The registry took another manifest than was sent. */
export function altered({ name }: Subject, endpoint: Endpoint, digest: Digest, stored: Digest): RcxError {
  return new RcxError(`${name}: ${endpointName(endpoint)} has stored the manifest ${stored} in place of ${digest}`, {
    code: 'ERR_RCX_DIGEST_MISMATCH',
    step: 'push',
    path: digest,
    hint: 'it was altered on its way, by a proxy perhaps: push it again, or what is there cannot be pulled.',
  });
}
