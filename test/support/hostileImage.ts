import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { inject } from 'vitest';
import type { Store } from './cli.ts';
import { extendImage } from './registryImages.ts';
import type { TarBuilder } from './tarBuilder.ts';

const ATTACKS = fileURLToPath(new URL('../security/attacks', import.meta.url));

/** Puts a layer on Debian's, into the registry of the end-to-end tests; the name of the image. */
export async function hostileImage(layer: TarBuilder): Promise<string> {
  const tag = randomBytes(6).toString('hex');
  await extendImage(inject('e2e').registry, 'library/ubuntu', ['latest', tag], [layer.build()]);
  return `ubuntu:${tag}`;
}

/** Compiles a program of test/security/attacks that runs in any image. @returns its path on the host */
export async function compileAttack(store: Store, name: string): Promise<string> {
  const program = join(store.folder, name);
  await execa('gcc', ['-static', '-O2', '-D_GNU_SOURCE', '-o', program, join(ATTACKS, `${name}.c`)]);
  return program;
}

/** The same as a layer's content: in a container it is `/attack`, and nothing of the host is bound. */
export async function attackIn(layer: TarBuilder, store: Store, name: string): Promise<TarBuilder> {
  return layer.file('attack', readFileSync(await compileAttack(store, name)), { mode: 0o755 });
}
