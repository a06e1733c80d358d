import type { Instruction } from './instruction.ts';

/**
 * The list of an instruction's exec form, `["a", "b"]`; undefined where `text` is no JSON list, which Docker then takes
 * for a command line or for words.
 * @throws ERR_RCX_INVALID_CHANGE for a list with anything but strings, or with a NUL in one of them
 */
export function execForm(text: string, { fail }: Instruction): string[] | undefined {
  if (!text.startsWith('[')) return undefined;
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!Array.isArray(list)) return undefined;
  return list.map((item: unknown) => {
    if (typeof item !== 'string') throw fail('its list may hold strings only');
    // It would end the string in the kernel: what is shown would not be what runs.
    if (item.includes('\0')) throw fail('it contains a NUL character');
    return item;
  });
}
