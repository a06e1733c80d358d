import { describe, expect, it } from 'vitest';
import {
  add,
  cargoCounts,
  isSuccess,
  summaryLine,
  vitestCounts,
  vitestSkipped,
} from '../../../scripts/lib/testResults.mjs';

const CARGO = `
running 3 tests
test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s
     Running tests/other.rs
test result: FAILED. 4 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.10s
`;

const report = (...files) => JSON.stringify({ testResults: files });
const file = (status, ...states) => ({
  status,
  assertionResults: states.map((state, index) => ({ status: state, fullName: `test ${index} ${state}` })),
});

describe('cargoCounts', () => {
  it('sums the result lines of all test binaries', () => {
    expect(cargoCounts(CARGO, 101)).toEqual({ passed: 6, failed: 1, skipped: 1 });
  });

  it('counts a build that failed as one failure', () => {
    expect(cargoCounts('error: could not compile `rcx-core`', 101)).toEqual({ passed: 0, failed: 1, skipped: 0 });
  });

  it('counts a runner killed by a signal as one failure', () => {
    expect(cargoCounts('', null)).toEqual({ passed: 0, failed: 1, skipped: 0 });
  });
});

describe('vitestCounts', () => {
  it('sums over files and states', () => {
    const json = report(file('passed', 'passed', 'pending', 'todo'), file('failed', 'failed', 'passed'));
    expect(vitestCounts(json, 1)).toEqual({ passed: 2, failed: 1, skipped: 2 });
  });

  it('counts a file that could not be loaded', () => {
    expect(vitestCounts(report(file('failed'), file('passed', 'passed')), 1)).toEqual({
      passed: 1,
      failed: 1,
      skipped: 0,
    });
  });

  it.each([[undefined], [''], ['{"half":'], ['{}']])('counts a runner that left %j as a failure', (json) => {
    expect(vitestCounts(json, 0)).toEqual({ passed: 0, failed: 1, skipped: 0 });
  });

  it('counts an unhandled error, where all tests passed but the exit code says otherwise', () => {
    expect(vitestCounts(report(file('passed', 'passed')), 1)).toEqual({ passed: 1, failed: 1, skipped: 0 });
  });
});

it('names the tests that were skipped', () => {
  expect(vitestSkipped(report(file('passed', 'passed', 'pending')))).toEqual(['test 1 pending']);
});

it('ends with one line of totals', () => {
  expect(summaryLine(add({ passed: 1, failed: 0, skipped: 2 }, { passed: 3, failed: 1, skipped: 0 }))).toBe(
    '4 passed, 1 failed, 2 skipped',
  );
});

it('is no success when nothing ran', () => {
  expect(isSuccess({ passed: 0, failed: 0, skipped: 7 })).toBe(false);
  expect(isSuccess({ passed: 1, failed: 1, skipped: 0 })).toBe(false);
  expect(isSuccess({ passed: 1, failed: 0, skipped: 0 })).toBe(true);
});
