// What the test runners report, as counts. A runner that ends badly without a failed test counts as one failure: a crash must
// never look like success.

/** @typedef {{ passed: number, failed: number, skipped: number }} Counts */

/** @type {Readonly<Counts>} */
export const NONE = Object.freeze({ passed: 0, failed: 0, skipped: 0 });

/**
 * @param {Counts} a
 * @param {Counts} b
 * @returns {Counts}
 */
export function add(a, b) {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped };
}

/**
 * @param {string} output of `cargo test`: one result line for each test binary
 * @param {number | null} exitCode
 * @returns {Counts}
 */
export function cargoCounts(output, exitCode) {
  const lines = output.matchAll(/^test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored;/gm);
  let counts = { ...NONE };
  for (const [, passed, failed, skipped] of lines) {
    counts = add(counts, { passed: Number(passed), failed: Number(failed), skipped: Number(skipped) });
  }
  return withCrash(counts, exitCode);
}

/**
 * @param {string | undefined} json vitest's JSON report, absent where it never came to write one
 * @param {number | null} exitCode
 * @returns {Counts}
 */
export function vitestCounts(json, exitCode) {
  const report = parseReport(json);
  if (report === undefined) return withCrash({ ...NONE }, exitCode === 0 ? 1 : exitCode);
  const tests = report.testResults.flatMap((file) => file.assertionResults);
  const count = (...states) => tests.filter((test) => states.includes(test.status)).length;
  const unloadable = report.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.length === 0,
  );
  const counts = {
    passed: count('passed'),
    failed: count('failed') + unloadable.length,
    skipped: count('pending', 'skipped', 'todo', 'disabled'),
  };
  return withCrash(counts, exitCode);
}

/**
 * @param {string | undefined} json
 * @returns {string[]} full names of the tests that did not run; the reason is part of the name
 */
export function vitestSkipped(json) {
  const files = parseReport(json)?.testResults ?? [];
  const tests = files.flatMap((file) => file.assertionResults);
  return tests.filter((test) => !['passed', 'failed'].includes(test.status)).map((test) => test.fullName);
}

/**
 * @param {Counts} counts
 * @returns {string} the last line of scripts/test
 */
export function summaryLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}

/**
 * @param {Counts} counts
 * @returns {boolean} nothing failed, and something ran
 */
export function isSuccess({ passed, failed }) {
  return failed === 0 && passed > 0;
}

function withCrash(counts, exitCode) {
  return exitCode !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
}

function parseReport(json) {
  try {
    const report = JSON.parse(json ?? '');
    return Array.isArray(report.testResults) ? report : undefined;
  } catch {
    return undefined;
  }
}
