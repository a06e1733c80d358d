import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, inject } from 'vitest';
import { cgroupsOf } from './cgroups.ts';
import { processesUsing, waitUntil } from './processes.ts';
import { RCX_BIN } from './rcxBin.ts';
import type { TestUser } from './user.ts';
import { endSession } from './userSession.ts';

/** How a program ended and what it wrote. */
export interface Outcome {
  /** Absent when a signal killed it. */
  exitCode: number | undefined;
  signal: string | undefined;
  stdout: string;
  stderr: string;
}

/** What a test may set for one call. */
export interface CallOptions {
  input?: string | Uint8Array;
  env?: Record<string, string>;
  cwd?: string;
  /** Milliseconds; a hanging program is a failed test that says so. */
  timeout?: number;
}

/** A store of its own, and the command line on it. */
export class Store {
  /** `RCX_ROOT`. */
  readonly root: string;
  /** Everything of this store, and room for a test's files. */
  readonly folder: string;
  readonly env: Record<string, string>;

  /** What stands before each call: it runs somewhere else. */
  readonly #prefix: readonly string[];

  constructor(folder: string, root: string, config: string, prefix: readonly string[] = [], user?: TestUser) {
    this.#prefix = prefix;
    this.folder = folder;
    this.root = root;
    // Nothing of the developer's own: no logins, no settings, no store.
    this.env = {
      PATH: user?.path ?? process.env.PATH ?? '',
      HOME: folder,
      LANG: 'C.UTF-8',
      RCX_ROOT: root,
      RCX_RUN: join(folder, 'run'),
      RCX_CONFIG: config,
    };
  }

  /** Starts `rcx ...args` without waiting for its end. */
  start(args: string[], { env, ...options }: CallOptions = {}) {
    const own = { env: { ...this.env, ...env }, extendEnv: false, reject: false, stripFinalNewline: false } as const;
    const [program, ...words] = [...this.#prefix, RCX_BIN, ...args] as [string, ...string[]];
    return execa(program, words, { ...own, ...options, forceKillAfterDelay: 2000 });
  }

  /** Runs `rcx ...args` to its end, stdin empty unless given. */
  async rcx(args: string[], options: CallOptions = {}): Promise<Outcome> {
    const timeout = options.timeout ?? 60_000;
    const result = await this.start(args, { input: '', ...options, timeout });
    if (result.timedOut) throw new Error(`rcx ${args.join(' ')} did not end within ${timeout} ms\n${result.stderr}`);
    const { exitCode, signal, stdout, stderr } = result;
    if (exitCode === undefined && signal === undefined) throw result;
    return { exitCode, signal, stdout, stderr };
  }

  /** Runs `rcx ...args`, which must succeed; returns stdout. */
  async ok(args: string[], options: CallOptions = {}): Promise<string> {
    const outcome = await this.rcx(args, options);
    if (outcome.exitCode !== 0) {
      throw new Error(`rcx ${args.join(' ')}: ${outcome.exitCode ?? outcome.signal}\n${outcome.stderr}`);
    }
    return outcome.stdout;
  }

  /** Ends the store: it must be used by nobody any more. */
  async close(): Promise<void> {
    const left = await waitUntil(() => processesUsing(this.root).length === 0).then(
      () => [],
      () => processesUsing(this.root),
    );
    const cgroups = await this.#removeContainers();
    await endSession(this.env.RCX_RUN ?? '');
    await execa('rm', ['--recursive', '--force', '--one-file-system', this.folder]);
    expect(left, 'processes of containers that outlived their test').toEqual([]);
    expect(cgroups, 'cgroups that outlived their container').toEqual([]);
  }

  /** Removes them all, also those whose rcx was killed; returns the cgroups that are left of them. */
  async #removeContainers(): Promise<string[]> {
    const containers = join(this.root, 'containers');
    const ids = existsSync(containers) ? readdirSync(containers).filter((name) => /^[0-9a-f]{64}$/.test(name)) : [];
    if (ids.length === 0) return [];
    await this.rcx(['rm', '-f', ...ids]);
    return ids.flatMap((id) => cgroupsOf(id));
  }
}

/** An empty store; with `images`, one that has those of the test registry already. */
export async function newStore(options: { images?: boolean; root?: string; config?: string } = {}): Promise<Store> {
  const { config, template, user } = inject('e2e');
  const folder = mkdtempSync(join(tmpdir(), 'rcx-e2e-'));
  const root = options.root ?? join(folder, 'root');
  if (options.images) {
    mkdirSync(root);
    // Layers are never written to: links are as good as copies, and quicker.
    await execa('cp', ['--archive', '--link', `${template}/.`, root]);
    // But a lock is one of the file, whatever its name: stores would wait for each other.
    rmSync(join(root, 'locks'), { recursive: true });
  }
  if (user !== undefined) {
    for (const path of [folder, root].filter((path) => existsSync(path))) chownSync(path, user.uid, user.gid);
    chmodSync(folder, 0o755);
  }
  const store = new Store(folder, root, options.config ?? config, [], user);
  // What is said once, when the namespace is made, is not to be said of what a test asks for.
  if (user?.kind === 'single') await store.ok(['unshare', 'true']);
  return store;
}

/** Asserts that a call failed as rcx shall fail: one line that says what is wrong, no stack trace, nothing on stdout. */
export function expectFailure(outcome: Outcome, exitCode: number, message: RegExp): void {
  expect(outcome).toMatchObject({ exitCode, signal: undefined, stdout: '' });
  expect(outcome.stderr).toMatch(/^[^\n]*\n$/);
  expect(outcome.stderr).toMatch(message);
  expect(outcome.stderr).not.toMatch(/\bat .*:\d+:\d+\)?$/m);
}
