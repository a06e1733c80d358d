import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { waitUntil } from './processes.ts';

/** A terminal with a person at it: tmux draws its screen, and types. */
export class Terminal {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * Opens a terminal with the host's `sh` in it.
   * @param env the environment of everything in it
   */
  static async open(env: Record<string, string>, columns = 80, rows = 24): Promise<Terminal> {
    const terminal = new Terminal(await mkdtemp(join(tmpdir(), 'rcx-tmux-')));
    const size = ['-x', String(columns), '-y', String(rows)];
    const shell = ['env', '--ignore-environment', ...Object.entries(env).map((pair) => pair.join('='))];
    await terminal.#tmux('new-session', '-d', ...size, ...shell, 'TERM=screen', 'PS1=host> ', 'sh');
    await terminal.#tmux('set-option', '-g', 'window-size', 'manual');
    await terminal.waitFor(/host>$/);
    return terminal;
  }

  /** Types a line. */
  async type(line: string): Promise<void> {
    await this.#tmux('send-keys', '-l', line);
    await this.key('Enter');
  }

  /** Presses a key by tmux's name, `C-c` for Ctrl-C. */
  async key(name: string): Promise<void> {
    await this.#tmux('send-keys', name);
  }

  async resize(columns: number, rows: number): Promise<void> {
    await this.#tmux('resize-window', '-x', String(columns), '-y', String(rows));
  }

  /** Everything that was written, long lines joined, without the empty rest of the screen. */
  async text(): Promise<string> {
    return (await this.#tmux('capture-pane', '-p', '-J', '-S', '-')).trimEnd();
  }

  /** Waits until what was written matches; returns it. */
  async waitFor(pattern: RegExp): Promise<string> {
    let text = '';
    const matches = async () => {
      text = await this.text();
      return pattern.test(text);
    };
    await waitUntil(matches, { timeout: 15_000 }).catch(() => {
      throw new Error(`the terminal never showed ${pattern}, but:\n${text}`);
    });
    return text;
  }

  /** Types empty lines until what comes matches: what attaches shows no prompt by itself, and drops what was typed before it. */
  async rouse(pattern: RegExp): Promise<void> {
    const isThere = async () => {
      await this.type('');
      return pattern.test(await this.text());
    };
    await waitUntil(isThere, { timeout: 15_000, what: `the terminal to show ${pattern}` });
  }

  /** Runs a line in the host's shell and returns what it wrote. */
  async run(line: string): Promise<string> {
    const mark = randomBytes(4).toString('hex');
    // In two parts, so that the echo of the line is not taken for its output.
    await this.type(`echo begin''${mark}; ${line}; echo end''${mark}`);
    const text = await this.waitFor(new RegExp(`^end${mark}$`, 'm'));
    const begin = text.indexOf(`\nbegin${mark}`) + `\nbegin${mark}\n`.length;
    return text.slice(begin, text.indexOf(`end${mark}`, begin));
  }

  /** Takes the terminal away, as closing its window does. */
  async close(): Promise<void> {
    await this.#tmux('kill-server').catch(() => undefined);
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #tmux(...args: string[]): Promise<string> {
    const socket = ['-f', '/dev/null', '-S', join(this.#folder, 'socket')];
    return (await execa('tmux', [...socket, ...args], { env: { LC_ALL: 'C.UTF-8' } })).stdout;
  }
}
