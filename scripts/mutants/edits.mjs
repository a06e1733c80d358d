// Exact text for exact text, as a mutant wants it.

/** @typedef {{ file: string, find: string, replace: string }} Edit */
/** @typedef {{ name: string, advisory: string, edits: Edit[], tests: string[], only?: string }} Mutant */

/**
 * How often a text occurs in another.
 * @param {string} text
 * @param {string} part
 * @returns {number}
 */
export function occurrences(text, part) {
  return text.split(part).length - 1;
}

/**
 * @param {Mutant} mutant
 * @param {(file: string) => string} read
 * @returns {string[]} what of it does not apply, in words: a defence that was moved or written anew needs its mutant anew
 */
export function misfits({ edits }, read) {
  return edits.flatMap(({ file, find, replace }) => {
    const times = occurrences(read(file), find);
    if (times !== 1) return [`${file}: found ${times} times: ${find.split('\n', 1)[0]}`];
    return find === replace ? [`${file}: replaced by itself: ${find.split('\n', 1)[0]}`] : [];
  });
}

/**
 * The files of a mutant as they are with it.
 * @param {Mutant} mutant
 * @param {(file: string) => string} read
 * @returns {Map<string, string>}
 */
export function mutated({ edits }, read) {
  const files = new Map();
  for (const { file, find, replace } of edits) {
    // A function: in a string of the second argument `$` would mean something.
    files.set(
      file,
      (files.get(file) ?? read(file)).replace(find, () => replace),
    );
  }
  return files;
}
