import { expect, it } from 'vitest';
import { parseShebang } from '../../../../ts/image/fromHost/shebang.ts';

it.each([
  ['#!/bin/sh\necho\n', '/bin/sh', undefined],
  ['#! /bin/sh -e\n', '/bin/sh', undefined],
  ['#!/usr/bin/perl', '/usr/bin/perl', undefined],
  ['#!/usr/bin/env python3\n', '/usr/bin/env', 'python3'],
  ['#!/usr/bin/env -S node --enable-source-maps\n', '/usr/bin/env', 'node'],
  ['#!/usr/bin/env -Snode --no-warnings\n', '/usr/bin/env', 'node'],
  ['#!/usr/bin/env -i -u HOME LANG=C awk -f\n', '/usr/bin/env', 'awk'],
  ['#!/usr/bin/env\n', '/usr/bin/env', undefined],
  ['#!/bin/bash\0ignored\n', '/bin/bash', undefined],
])('reads %j', (text, interpreter, program) => {
  expect(parseShebang(Buffer.from(text))).toEqual({ interpreter, program });
});

it.each([[''], ['#'], ['echo #!/bin/sh\n'], ['#!\n'], ['#!sh\n'], ['\x7fELF']])('finds no script in %j', (text) => {
  expect(parseShebang(Buffer.from(text))).toBeUndefined();
});
