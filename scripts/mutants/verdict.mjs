// What a run of tests says of a mutant.

/** @typedef {'killed' | 'survived' | 'unclear'} Verdict */

/**
 * Only an expectation that did not hold has noticed that a defence is missing. A test that times out, an import that fails or a
 * set-up that breaks says that the mutant broke something else.
 * @param {string | undefined} json vitest's JSON report, absent where it never came to write one
 * @param {string[]} files that must fail, relative to `root`
 * @param {string} root
 * @returns {{ verdict: Verdict, because: string }}
 */
export function verdictOf(json, files, root) {
  const report = parse(json);
  if (report === undefined) return { verdict: 'unclear', because: 'the tests did not run to their end' };
  const results = files.map((file) => ofFile(report, file, root));
  return (
    results.find(({ verdict }) => verdict === 'unclear') ??
    results.find(({ verdict }) => verdict === 'survived') ?? { verdict: 'killed', because: results[0].because }
  );
}

function ofFile(report, file, root) {
  const tests = report.testResults.find(({ name }) => name === `${root}/${file}`)?.assertionResults ?? [];
  const failed = tests.filter(({ status }) => status === 'failed');
  const noticed = failed.find(({ failureMessages }) => failureMessages.some((text) => /^AssertionError\b/.test(text)));
  if (noticed !== undefined) return { verdict: 'killed', because: noticed.fullName };
  if (failed.length > 0) return { verdict: 'unclear', because: `${file}: ${failed[0].failureMessages[0]}` };
  if (!tests.some(({ status }) => status === 'passed')) return { verdict: 'unclear', because: `${file}: nothing ran` };
  return { verdict: 'survived', because: file };
}

function parse(json) {
  try {
    const report = JSON.parse(json ?? '');
    return Array.isArray(report.testResults) ? report : undefined;
  } catch {
    return undefined;
  }
}
