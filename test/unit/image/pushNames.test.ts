import { describe, expect, it } from 'vitest';
import { namesToPush } from '../../../ts/image/pushNames.ts';
import { digestOf } from '../../../ts/oci/digest.ts';
import { parseReference } from '../../../ts/oci/reference.ts';
import type { StoredImage } from '../../../ts/store/images.ts';

const DIGEST = digestOf(Buffer.from('manifest'));
const IMAGES = [
  ['localhost:5000/app:2', 'localhost:5000/app:latest', 'localhost:5000/application:9'],
  ['localhost:5000/app:1', 'other:5000/app:8', 'localhost:5000/team/app:7'],
  [`localhost:5000/app@${DIGEST}`, 'docker.io/library/app:6'],
  [],
].map((references) => ({ references }) as StoredImage);

const names = (text: string) => namesToPush(IMAGES, text, parseReference(text));

describe('namesToPush', () => {
  it.each([
    ['localhost:5000/app', ['1', '2', 'latest']],
    ['localhost:5000/team/app', ['7']],
    ['app', ['6']],
    ['docker.io/library/app', ['6']],
  ])('are the tags of the repository %s and no other', (text, tags) => {
    expect(names(text)).toEqual(tags);
  });

  it.each(['localhost:5000/app:1', 'localhost:5000/app:latest', `localhost:5000/app@${DIGEST}`, 'app:6'])(
    'are not asked for with a tag or digest: %s',
    (text) => {
      expect(() => names(text)).toThrow(expect.objectContaining({ code: 'ERR_RCX_INVALID_REFERENCE' }));
    },
  );

  it.each(['localhost:5000/none', 'localhost/app', 'latest'])('there are none in %s', (text) => {
    const hint = expect.stringContaining(`rcx tag IMAGE ${text}:TAG`);
    expect(() => names(text)).toThrow(expect.objectContaining({ code: 'ERR_RCX_IMAGE_NOT_FOUND', hint }));
  });
});
