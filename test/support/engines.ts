import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { Engine } from '../../ts/engine.ts';
import { parseReference } from '../../ts/oci/reference.ts';
import type { StoredImage } from '../../ts/store/images.ts';
import { LayoutSource } from './layoutSource.ts';
import { type LayoutOptions, type WrittenLayout, writeLayout } from './layoutWriter.ts';
import { TestStore } from './pulling.ts';

/** An engine with a store of its own, which knows no logins and settings but those given here. */
export class TestEngine {
  readonly engine: Engine;
  readonly store: TestStore;
  readonly #scratch: string;

  constructor(scratch: string, auths: object = {}) {
    this.#scratch = mkdtempSync(join(scratch, 'engine-'));
    const docker = join(this.#scratch, 'docker');
    mkdirSync(docker);
    writeFileSync(join(docker, 'config.json'), JSON.stringify({ auths }));
    const root = join(this.#scratch, 'root');
    const env = { PATH: process.env.PATH, HOME: this.#scratch, DOCKER_CONFIG: docker };
    this.engine = new Engine({ root, run: join(root, 'run'), config: { registries: {}, defaultNetwork: 'none' }, env });
    this.store = new TestStore(root);
    onTestFinished(() => this.engine.close());
  }

  /** Adds an image of these archives, base layer first, under a name that has a tag. */
  async add(
    name: string,
    archives: readonly Buffer[],
    options: LayoutOptions = {},
  ): Promise<{ image: StoredImage; layout: WrittenLayout }> {
    const directory = mkdtempSync(join(this.#scratch, 'layout-'));
    const { tag } = parseReference(name);
    const layout = writeLayout(directory, archives, { ...(tag !== undefined && { tag }), ...options });
    return { image: await this.store.pull(new LayoutSource(directory), name), layout };
  }

  /** Pulls an image from its registry. */
  async pull(name: string): Promise<StoredImage> {
    return await this.store.pull(await this.engine.registry(), name);
  }
}
