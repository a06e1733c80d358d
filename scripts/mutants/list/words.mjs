// Text of strangers on its way to terminals, and into files that are read line by line.

const ESCAPES = 'test/security/terminal-escapes.test.ts';
const FORGED = 'test/security/forged-records.test.ts';

/** @type {import('../edits.mjs').Mutant[]} */
export const WORDS = [
  {
    name: 'controls-in-text',
    advisory: 'terminal escapes',
    edits: [
      {
        file: 'cli/output/errors.ts',
        find: 'text.replace(/\\p{Cc}/gu,',
        replace: 'text.replace(/\\p{Co}/gu,',
      },
    ],
    tests: [ESCAPES],
  },
  {
    name: 'controls-in-json',
    advisory: 'terminal escapes',
    edits: [
      {
        file: 'cli/output/json.ts',
        find: '/[\\u007f-\\u009f]/g',
        replace: '/[\\ue07f-\\ue09f]/g',
      },
    ],
    tests: [ESCAPES],
    only: 'inspect',
  },
  {
    name: 'lines-in-events',
    advisory: 'forged records',
    edits: [
      {
        file: 'cli/output/event.ts',
        find: "import { printable } from './errors.ts';",
        replace: 'const printable = (text: string) => text;',
      },
    ],
    tests: [FORGED],
    only: 'an event',
  },
  {
    name: 'quotes-in-logs',
    advisory: 'forged records',
    edits: [
      {
        file: 'crates/core/src/monitor/log.rs',
        find: '            b\'"\' => to.extend_from_slice(b"\\\\\\""),\n',
        replace: '',
      },
    ],
    tests: [FORGED],
    only: 'a line of the log',
  },
  {
    name: 'lines-in-host-names',
    advisory: 'forged records',
    edits: [
      {
        file: 'ts/container/checkOptions.ts',
        find: '/^[a-zA-Z0-9]([a-zA-Z0-9_.-]*[a-zA-Z0-9])?$/',
        replace: '/^[a-zA-Z0-9]([^/]*[a-zA-Z0-9])?$/',
      },
    ],
    tests: [FORGED],
    only: 'no line of /etc',
  },
  {
    name: 'lines-in-added-hosts',
    advisory: 'forged records',
    edits: [
      {
        file: 'ts/container/networkFiles.ts',
        find: 'if (colon < 1 || isIP(address) === 0 || /\\s/.test(name)) {',
        replace: 'if (colon < 1 || isIP(address) === 0) {',
      },
    ],
    tests: [FORGED],
    only: 'no line of /etc',
  },
];
