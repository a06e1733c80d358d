import { mkdirSync } from 'node:fs';
import { loadConfig, type RcxConfig } from './config/config.ts';
import { type ImageRoot, readImageRoot } from './container/initLayer.ts';
import { ContainerStore } from './container/store.ts';
import { RcxError } from './errors.ts';
import type { Registry } from './registry/index.ts';
import { isOutside } from './rootless/caller.ts';
import { namespace, type OnReduced } from './rootless/namespace.ts';
import { ImageStore, type StoredImage } from './store/images.ts';
import { LayerStore } from './store/layers.ts';
import { type StorePaths, storePaths } from './store/paths.ts';

/** What an engine is opened with. */
export interface EngineOptions {
  /** Root directory of the store, instead of `$RCX_ROOT` or its default. */
  root?: string | undefined;
  /** Run-time directory, instead of `$RCX_RUN` or its default. */
  run?: string | undefined;
  /** Settings, instead of those of the config files. */
  config?: RcxConfig | undefined;
  env?: NodeJS.ProcessEnv | undefined;
  /** Has this process be root of its user's namespace, see {@link Engine.enter}. It comes back only by throwing. */
  enter?: (() => Promise<void>) | undefined;
  /** Hears why the namespace of this user, when it is made, has less than it could. */
  onReduced?: OnReduced | undefined;
}

/** Images whose roots are remembered: some hundred bytes each. */
const MOST_ROOTS = 128;

/** One store with everything in it. There is no global state: two engines know nothing of each other. */
export class Engine {
  readonly paths: StorePaths;
  readonly images: ImageStore;
  readonly layers: LayerStore;
  readonly containers: ContainerStore;
  readonly #options: EngineOptions;
  readonly #roots = new Map<string, ImageRoot>();
  #registry: Registry | undefined;

  constructor(options: EngineOptions = {}) {
    const env = { ...(options.env ?? process.env) };
    if (options.root !== undefined) env.RCX_ROOT = options.root;
    if (options.run !== undefined) env.RCX_RUN = options.run;
    this.#options = options;
    this.paths = storePaths(env);
    // Layers hold setuid programs of strangers: no other user of the host may reach them.
    mkdirSync(this.paths.root, { recursive: true, mode: 0o710 });
    this.images = new ImageStore(this.paths);
    this.layers = new LayerStore(this.paths);
    this.containers = new ContainerStore(this.paths);
  }

  /**
   * To be awaited before files of layers, containers or volumes are touched, and before anything else is done: an ordinary user's
   * belong to subordinate ids, and only root of his namespace may read and write all of them.
   * @throws ERR_RCX_ROOTLESS where this process is not, and cannot be
   */
  async enter(): Promise<void> {
    if (!isOutside()) return;
    await this.#options.enter?.();
    const step = 'reach the files of images and containers';
    throw new RcxError(`${step}: they belong to subordinate ids of this user`, {
      code: 'ERR_RCX_ROOTLESS',
      step,
      hint: 'use the command rcx, or run this program under: rcx unshare',
    });
  }

  /** The namespace that containers of an ordinary user are launched in, see {@link namespace}; nothing for root. */
  async session(): Promise<string | undefined> {
    return await namespace(this.#options.onReduced);
  }

  /** The registry client, loaded when it is first needed. */
  async registry(): Promise<Registry> {
    const { Registry: Client } = await import('./registry/index.ts');
    this.#registry ??= new Client({ config: this.settings(), env: this.env });
    return this.#registry;
  }

  /** What it was opened with, else what the config files say. @throws ERR_RCX_INVALID_CONFIG, ERR_RCX_CONFIG_UNREADABLE */
  settings(): RcxConfig {
    return this.#options.config ?? loadConfig(this.env);
  }

  /** Directories of an image's layers, topmost first. @throws ERR_RCX_LAYER_NOT_FOUND */
  layersOf(image: StoredImage): string[] {
    return this.layers.lowerDirectories(image.diffIds);
  }

  /** What the layers have where a container's own files come. Layers never change, so it is looked up once. */
  rootOf(layers: readonly string[]): ImageRoot {
    const key = layers.join(':');
    const known = this.#roots.get(key);
    if (known !== undefined) return known;
    const root = readImageRoot(layers, (layer) => this.layers.impliedIn(layer));
    if (this.#roots.size >= MOST_ROOTS) this.#roots.clear();
    this.#roots.set(key, root);
    return root;
  }

  /** What it reads settings, logins and directories from. */
  get env(): NodeJS.ProcessEnv {
    return this.#options.env ?? process.env;
  }

  /** Closes connections to registries. */
  async close(): Promise<void> {
    this.#registry?.close();
    this.#registry = undefined;
  }
}
