import { expect, it } from 'vitest';
import { portsText } from '../../../cli/output/ports.ts';
import { hostAddress, inspectPorts, mappingsOf } from '../../../ts/container/mappings.ts';

const ports = [
  { protocol: 'tcp', at: '[::]:8081', to: '10.0.0.2:81' },
  { protocol: 'tcp', at: '0.0.0.0:8081', to: '10.0.0.2:81' },
  { protocol: 'udp', at: '127.0.0.1:5353', to: '10.0.0.2:53' },
  { protocol: 'tcp', at: '0.0.0.0:8080', to: '10.0.0.2:80' },
  { protocol: 'tcp', at: '[::]:8080', to: '[fd00::2]:80' },
] as const;

it('are in the order of the container’s ports, IPv4 first', () => {
  expect(mappingsOf({ ports: [...ports] }).map((mapping) => `${mapping.port} ${hostAddress(mapping)}`)).toEqual([
    ...['53 127.0.0.1:5353', '80 0.0.0.0:8080', '80 [::]:8080', '81 0.0.0.0:8081', '81 [::]:8081'],
  ]);
  expect(mappingsOf({})).toEqual([]);
});

it('are shown as docker does, with what is exposed', () => {
  expect(portsText(mappingsOf({ ports: [...ports] }), ['80/tcp', '443/tcp'])).toBe(
    '127.0.0.1:5353->53/udp, 0.0.0.0:8080-8081->80-81/tcp, [::]:8080-8081->80-81/tcp, 443/tcp',
  );
  expect(portsText([], [])).toBe('');
  expect(inspectPorts({ execution: { ExposedPorts: { '80/tcp': {}, '443/tcp': {} } } }, { ports: [...ports] })).toEqual(
    {
      '80/tcp': [
        { HostIp: '0.0.0.0', HostPort: '8080' },
        { HostIp: '::', HostPort: '8080' },
      ],
      '443/tcp': null,
      '53/udp': [{ HostIp: '127.0.0.1', HostPort: '5353' }],
      '81/tcp': [
        { HostIp: '0.0.0.0', HostPort: '8081' },
        { HostIp: '::', HostPort: '8081' },
      ],
    },
  );
});
