import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkLayout } from '../../../../ts/store/check/layout.ts';
import { storePaths } from '../../../../ts/store/paths.ts';
import { type WrittenLayout, writeLayout } from '../../../support/layoutWriter.ts';
import { TarBuilder } from '../../../support/tarBuilder.ts';

let root: string;
let images: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'rcx-check-'));
  images = join(root, 'images');
  mkdirSync(images);
});
afterEach(() => rmSync(root, { recursive: true }));

const paths = () => storePaths({ RCX_ROOT: root, RCX_RUN: root });
const write = (): WrittenLayout =>
  writeLayout(images, [new TarBuilder().file('a', 'one').build(), new TarBuilder().file('b', 'two').build()], {
    tag: 'localhost/app:1',
  });

describe('the layout', () => {
  it('may have nothing yet, or be what other tools write', () => {
    expect(checkLayout(paths())).toEqual({ entries: [], problems: [] });
    write();
    expect(checkLayout(paths())).toMatchObject({ entries: [{}], problems: [] });
    writeFileSync(join(images, 'oci-layout'), '{ "imageLayoutVersion" : "1.0.0", "more": 1 }\n');
    expect(checkLayout(paths()).problems).toEqual([]);
  });

  it.each(['', '{}', '[]', 'null', '{"imageLayoutVersion":"2.0.0"}'])('may not say %j', (text) => {
    write();
    writeFileSync(join(images, 'oci-layout'), text);
    expect(checkLayout(paths()).problems).toMatchObject([{ kind: 'layout', path: join(images, 'oci-layout') }]);
  });

  it('must have an index that can be read', () => {
    write();
    writeFileSync(join(images, 'index.json'), '{"schemaVersion":2,"manifests":[{}]}');
    const { entries, problems } = checkLayout(paths());
    expect(entries).toBeUndefined();
    expect(problems).toMatchObject([
      { kind: 'index', message: expect.stringMatching(/index\.json: it names no image any more: .*"manifests\[0\]/) },
    ]);
  });
});
