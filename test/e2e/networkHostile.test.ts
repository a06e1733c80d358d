import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeWorld, type NetworkWorld } from '../support/networks.ts';

let world: NetworkWorld;
beforeAll(async () => {
  world = await makeWorld();
  await world.store.ok(['network', 'create', '--subnet', '10.9.0.0/24', '--ipv6', '--subnet', 'fd00:9::/64', 'net']);
  const echo = ['socat', '-u', 'UDP6-LISTEN:99,fork,ipv6only=0', 'SYSTEM:cat >> /tmp/heard; echo >> /tmp/heard'];
  await world.background('victim', ['--network', 'net', '--ip', '10.9.0.2'], echo);
});
afterAll(() => world.close());

const VICTIM = '02420a090002';
const LIAR = '02420a090003';
/** An Ethernet frame by a raw socket, as `CAP_NET_RAW` allows; sent several times. */
const send = (flags: string[], hex: string) => {
  const bytes = hex.replaceAll(' ', '').replaceAll(/../g, '\\x$&');
  // What the kernel has just learned of a neighbour it does not unlearn within a second (locktime, arp(7)).
  const script = `sleep 1.2; for i in 1 2 3; do printf '${bytes}' | socat -u - INTERFACE:eth0; done; sleep 0.2`;
  return world.run(['--network', 'net', '--ip', '10.9.0.3', ...flags], ['bash', '-c', script]);
};
const neighbour = (address: string) => world.store.ok(['exec', 'victim', 'ip', 'neigh', 'show', address]);
const heard = () => world.store.ok(['exec', 'victim', 'bash', '-c', 'cat /tmp/heard 2>/dev/null || true']);

/** That 10.9.0.1, the gateway, has the liar's address. */
const ARP = `${VICTIM} ${LIAR} 0806 0001 0800 06 04 0002 ${LIAR} 0a090001 ${VICTIM} 0a090002`;
/** A datagram to port 99 from 10.9.0.1, without a checksum. */
const udp = (source: string, text: string) => {
  const data = Buffer.from(text).toString('hex');
  const word = (value: number) => value.toString(16).padStart(4, '0');
  const total = 28 + text.length;
  const header = `4500 ${word(total)} 0000 0000 40 11 0000 ${source} 0a090002`;
  return `${VICTIM} ${LIAR} 0800 ${checked(header)} 1000 0063 ${word(8 + text.length)} 0000 ${data}`;
};
/** An IPv4 header with its checksum (RFC 1071). */
function checked(header: string): string {
  const words = header.replaceAll(' ', '').match(/..../g) ?? [];
  let sum = words.reduce((total, word) => total + Number.parseInt(word, 16), 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  words[5] = (~sum & 0xffff).toString(16).padStart(4, '0');
  return words.join('');
}

describe('a container with a raw socket', () => {
  it('answers for no other address', async () => {
    await world.store.ok(['exec', 'victim', 'bash', '-c', '(echo > /dev/tcp/10.9.0.1/9) 2>/dev/null || true']);
    expect(await neighbour('10.9.0.1')).toMatch(/02:42:0a:09:00:01/);
    await send([], ARP);
    expect(await neighbour('10.9.0.1')).toMatch(/02:42:0a:09:00:01/);
    // Whoever may configure networks may be a router: what was refused is a frame that works.
    await send(['--cap-add', 'NET_ADMIN'], ARP);
    expect(await neighbour('10.9.0.1')).toMatch(/02:42:0a:09:00:03/);
  });

  it('sends under no other address', async () => {
    await send([], udp('0a090001', 'forged'));
    await send([], udp('0a090003', 'honest'));
    expect(await heard()).toMatch(/honest/);
    expect(await heard()).not.toMatch(/forged/);
    await send(['--cap-add', 'NET_ADMIN'], udp('0a090001', 'forged'));
    expect(await heard()).toMatch(/forged/);
  });
});
