import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LiveLines } from '../../../../cli/output/liveLines.ts';

/** Up so many rows, clear what follows, the next line, text; NUL stands for what begins a command. */
const SENT = /\0(\d+)A|(\0J)|(\n)|([^\0\n]+)/g;

/** What somebody sees who looks at a terminal: it knows the three things that are sent to it, and wraps what is too wide. */
class Screen {
  rows: number | undefined = 6;
  columns: number | undefined = 40;
  readonly writes: string[] = [];
  /** All lines from the first on, also those that have scrolled out of sight. */
  readonly lines: string[] = [''];
  #row = 0;

  write(text: string): boolean {
    this.writes.push(text);
    for (const [, up, clear, newline, plain] of text.replaceAll('\u001b[', '\0').matchAll(SENT)) {
      if (up !== undefined) this.#up(Number(up));
      else if (clear !== undefined) this.lines.splice(this.#row, this.lines.length, '');
      else if (newline !== undefined) this.#down();
      else this.#put(plain ?? '');
    }
    return true;
  }

  /** The lines that can be seen, the cursor's empty one apart. */
  get visible(): string[] {
    return this.lines.slice(-(this.rows || 24)).filter((line) => line !== '');
  }

  #up(count: number): void {
    const top = Math.max(0, this.lines.length - (this.rows || 24));
    if (this.#row - count < top) throw new Error(`${count} up from row ${this.#row}: row ${top} is the first in sight`);
    this.#row -= count;
  }

  #down(): void {
    this.#row++;
    this.lines[this.#row] ??= '';
  }

  #put(text: string): void {
    if ([...text].length >= (this.columns || 80)) throw new Error(`it wraps: ${text}`);
    this.lines[this.#row] = text;
  }
}

let screen: Screen;
let time: number;
let lines: LiveLines;
beforeEach(() => {
  vi.useFakeTimers();
  screen = new Screen();
  time = 1000;
  lines = new LiveLines(screen, () => time);
});
afterEach(() => {
  vi.useRealTimers();
});

/** Sets a line when there is time to draw it. */
function set(key: string, text: string, isFinished = false): void {
  time += 100;
  lines.set(key, text, isFinished);
}

describe('live lines', () => {
  it('change in their place', () => {
    set('a', 'a: 1');
    set('b', 'b: 1');
    set('a', 'a: 2');
    set('b', 'b: 2');
    expect(screen.lines).toEqual(['a: 2', 'b: 2', '']);
  });

  it('that are finished scroll away above, in the order in which they ended', () => {
    for (const key of ['a', 'b', 'c']) set(key, `${key}: live`);
    set('b', 'b: done', true);
    set('a', 'a: done', true);
    expect(screen.lines).toEqual(['b: done', 'a: done', 'c: live', '']);
    set('c', 'c: done', true);
    lines.finish();
    expect(screen.lines).toEqual(['b: done', 'a: done', 'c: done', '']);
  });

  it('are never more than the terminal has rows, the rest is counted', () => {
    for (let i = 0; i < 20; i++) set(`${i}`, `${i}: live`);
    expect(screen.lines).toEqual(['0: live', '1: live', '2: live', '3: live', '… and 16 more', '']);
    for (let i = 0; i < 20; i++) set(`${i}`, `${i}: done`, true);
    lines.finish();
    expect(screen.lines).toEqual([...Array.from({ length: 20 }, (_, i) => `${i}: done`), '']);
  });

  it('are exactly as many as there is room for', () => {
    for (let i = 0; i < 5; i++) set(`${i}`, `${i}: live`);
    expect(screen.visible).toEqual(['0: live', '1: live', '2: live', '3: live', '4: live']);
  });

  it.each([1, 2])('are shown on a terminal of %d rows', (rows) => {
    screen.rows = rows;
    for (let i = 0; i < 4; i++) set(`${i}`, `${i}: live`);
    expect(screen.visible).toHaveLength(rows === 1 ? 0 : 1);
    for (let i = 0; i < 4; i++) set(`${i}`, `${i}: done`, true);
    lines.finish();
    expect(screen.lines).toEqual(['0: done', '1: done', '2: done', '3: done', '']);
  });

  it.each([undefined, 0])('are drawn for 24 rows of 80 columns where the terminal says %s', (size) => {
    [screen.rows, screen.columns] = [size, size];
    for (let i = 0; i < 30; i++) set(`${i}`, `${i}: ${'x'.repeat(100)}`);
    expect(screen.visible).toHaveLength(23);
    expect(screen.visible[0]).toBe(`0: ${'x'.repeat(76)}`);
  });

  it('are cut to the width, between characters', () => {
    screen.columns = 10;
    set('a', `${'😀'.repeat(20)}`);
    set('b', 'e\u0301'.repeat(20), true);
    set('c', '漢字'.repeat(20));
    expect(screen.lines).toEqual([
      expect.stringMatching(/^(e\u0301)+e?$/),
      '😀'.repeat(9),
      `${'漢字'.repeat(4)}漢`,
      '',
    ]);
  });

  it('follow a terminal that becomes smaller', () => {
    for (let i = 0; i < 5; i++) set(`${i}`, `${i}: live`);
    screen.rows = 4;
    for (let i = 0; i < 5; i++) set(`${i}`, `${i}: done`, true);
    expect(screen.visible).toContain('4: done');
  });
});

describe('drawing', () => {
  it('comes at intervals, and what was set between is not lost', () => {
    lines.set('a', 'a: 0');
    for (let i = 1; i <= 50; i++) lines.set('a', `a: ${i}`);
    for (const key of ['b', 'c']) lines.set(key, `${key}: 0`);
    expect(screen.writes).toHaveLength(1);
    time += 80;
    vi.advanceTimersByTime(80);
    expect(screen.lines).toEqual(['a: 50', 'b: 0', 'c: 0', '']);
    expect(screen.writes).toHaveLength(2);
  });

  it('does not keep the process alive, nor comes after the end', () => {
    lines.set('a', 'a: 0');
    lines.set('a', 'a: 1');
    lines.finish();
    const count = screen.writes.length;
    vi.advanceTimersByTime(1000);
    expect(screen.writes).toHaveLength(count);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('can all be replaced, by more or fewer', () => {
    lines.show(['NAME', 'web', 'db']);
    lines.show(['NAME', 'db']);
    expect(screen.lines).toEqual(['NAME', 'db', '']);
    lines.show(['NAME', 'one', 'two', 'three', 'four', 'five', 'six']);
    expect(screen.lines).toEqual(['NAME', 'one', 'two', 'three', '… and 3 more', '']);
    lines.finish();
  });

  it('leaves what is unfinished at the end, once', () => {
    set('a', 'a: live');
    lines.finish();
    lines.finish();
    expect(screen.lines).toEqual(['a: live', '']);
  });
});
