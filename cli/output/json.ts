import { Option } from 'commander';
import { print } from './print.ts';

/** Docker's indentation of what `inspect` prints. */
const INDENT = 4;

/** One value as JSON; what a terminal would obey is escaped in it. */
export function printJson(value: unknown): void {
  print(formatJson(value));
}

/** A value as JSON that no terminal obeys. */
export function formatJson(value: unknown, indent: number = INDENT): string {
  return escapeControls(JSON.stringify(value, undefined, indent));
}

/** JSON itself escapes control characters up to U+001F only; the others are the same text when escaped. */
export function escapeControls(json: string): string {
  return json.replace(/[\u007f-\u009f]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** `--format json` of commands that otherwise print for people. */
export function formatOption(): Option {
  return new Option('--format <format>', 'print JSON instead of text').choices(['json']);
}
