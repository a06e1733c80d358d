import { describe, expect, it } from 'vitest';
import { applyChanges } from '../../../../ts/oci/instructions/changes.ts';

const config = {
  Env: ['PORT=80', 'BOTH=80 443/udp', 'EMPTY='],
  ExposedPorts: { '22/tcp': {} as Record<string, never> },
};
const expose = (change: string) => Object.keys(applyChanges(config, [change]).ExposedPorts ?? {}).slice(1);

describe('EXPOSE', () => {
  it.each<[string, string[]]>([
    ['EXPOSE 80', ['80/tcp']],
    ['EXPOSE 80/tcp 53/udp 9/sctp', ['80/tcp', '53/udp', '9/sctp']],
    ['EXPOSE 53/UDP 80/', ['53/udp', '80/tcp']],
    ['EXPOSE 080', ['80/tcp']],
    ['EXPOSE 1 65535', ['1/tcp', '65535/tcp']],
    ['EXPOSE 8000-8002/udp', ['8000/udp', '8001/udp', '8002/udp']],
    ['EXPOSE 7-7', ['7/tcp']],
    ['EXPOSE 80 80 22', ['80/tcp']],
    ['EXPOSE $PORT/udp', ['80/udp']],
    ['EXPOSE $BOTH', ['80/tcp', '443/udp']],
    [`EXPOSE \${NONE:-1-2}`, ['1/tcp', '2/tcp']],
    ['EXPOSE "80" \'81\'', ['80/tcp', '81/tcp']],
  ])('%s', (change, ports) => expect(expose(change)).toEqual(ports));

  it('exposes every port there is, once', () => {
    expect(expose(`EXPOSE ${'1-65535 '.repeat(20)}`)).toHaveLength(65_534);
  });

  it.each([
    ['EXPOSE', 'it needs an argument'],
    ['EXPOSE $NONE $EMPTY', 'it names no port'],
    ['EXPOSE 0', 'ports are 1 to 65535'],
    ['EXPOSE 65536', 'ports are 1 to 65535'],
    ['EXPOSE 1-65536', 'ports are 1 to 65535'],
    ['EXPOSE 99999999999999999999', 'ports are 1 to 65535'],
    ['EXPOSE 10-9', '"10-9" ends before it begins'],
    ['EXPOSE 80/icmp', 'a protocol is one of tcp, udp, sctp'],
    ['EXPOSE 80/tcp/udp', 'a protocol is one of'],
    ['EXPOSE http', '"http" is not a port'],
    ['EXPOSE -1', '"-1" is not a port'],
    ['EXPOSE 1-2-3', '"1-2-3" is not a port'],
    ['EXPOSE 8e1', '"8e1" is not a port'],
    ['EXPOSE /tcp', '"/tcp" is not a port'],
    ['EXPOSE ٨٠', 'is not a port'],
    ['EXPOSE "$BOTH"', '"80 443/udp" is not a port'],
    ['EXPOSE 8080:80', '"8080:80" names a port of the host'],
    ['EXPOSE 127.0.0.1::80', 'names a port of the host'],
  ])('refuses %s', (change, problem) => {
    expect(() => expose(change)).toThrow(
      expect.objectContaining({ code: 'ERR_RCX_INVALID_CHANGE', message: expect.stringContaining(problem) }),
    );
  });
});
