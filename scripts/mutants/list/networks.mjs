const HOSTILE = 'test/e2e/networkHostile.test.ts';
const OUTSIDE = 'test/e2e/networkOutside.test.ts';

/** What keeps containers of a network from one another, and networks from what is around them. */
export const NETWORKS = [
  {
    name: 'senders-are-believed',
    advisory: 'forged packets',
    edits: [
      {
        file: 'crates/core/src/network/held.rs',
        find: 'interfaces.iter().filter(|interface| !interface.may_route)',
        replace: 'interfaces.iter().filter(|_| false)',
      },
    ],
    tests: [HOSTILE],
  },
  {
    name: 'networks-reach-one-another',
    advisory: 'filters between networks',
    edits: [
      {
        file: 'crates/core/src/network/filter.rs',
        find: '        to_container().then(Verdict::Drop),\n',
        replace: '',
      },
    ],
    tests: [OUTSIDE],
  },
  {
    name: 'a-router-for-neighbours',
    advisory: 'forwarding',
    edits: [
      {
        file: 'crates/core/src/network/filter.rs',
        find: '        rules.push(new.then(Verdict::Drop));\n',
        replace: '        rules.push(new.then(Verdict::Accept));\n',
      },
    ],
    tests: [OUTSIDE],
    only: 'a router for its neighbours',
  },
  {
    name: 'names-leave-internal-networks',
    advisory: 'CVE-2024-29018',
    edits: [
      {
        file: 'ts/container/newRecord.ts',
        find: "nameServer: wayOut === undefined ? 'none' : given",
        replace: "nameServer: wayOut === undefined && id === '' ? 'none' : given",
      },
    ],
    tests: ['test/e2e/networkNames.test.ts'],
    only: 'do not leave internal networks',
  },
];
