import { expect, it } from 'vitest';
import type { InterfaceExtras } from '../../../ts/container/spec/types.ts';
import { withGateways } from '../../../ts/network/gateways.ts';

const device = (network: string, addresses: string[], internal = false): InterfaceExtras => ({
  ...{ name: network, hostName: network, mac: '02:42:0a:00:00:02', names: [], folder: '/', network, addresses },
  bridge: {
    name: network,
    mac: '02:42:0a:00:00:01',
    addresses: addresses.map((text) => text.replace('2/', '1/')),
    internal,
  },
});
const ways = (devices: InterfaceExtras[]) =>
  withGateways(devices).map(({ network, gateways = [] }) => [network, ...gateways].join(' '));

it('of each family the first that leads out does', () => {
  const four = device('four', ['10.0.0.2/24']);
  const both = device('both', ['10.1.0.2/24', 'fd00::2/64']);
  const closed = device('closed', ['10.2.0.2/24', 'fd01::2/64'], true);
  expect(ways([closed, four, both])).toEqual(['closed', 'four 10.0.0.1', 'both fd00::1']);
  expect(ways([both, four])).toEqual(['both 10.1.0.1 fd00::1', 'four']);
  expect(ways([closed])).toEqual(['closed']);
});

it('what led out before does no more when it is not the first', () => {
  const [left] = withGateways([device('left', ['10.0.0.2/24'])]);
  if (left === undefined) throw new Error('there is one');
  expect(ways([device('right', ['10.1.0.2/24']), left])).toEqual(['right 10.1.0.1', 'left']);
});
