import { describe, expect, it } from 'vitest';
import { parsePublish, publishedAll } from '../../../ts/container/publish.ts';
import { publicationOf } from '../../../ts/network/publication.ts';

const one = (port: number) => ({ first: port, last: port });

describe('a published port', () => {
  it.each([
    ['80', { protocol: 'tcp', container: one(80) }],
    ['8080:80', { protocol: 'tcp', host: one(8080), container: one(80) }],
    ['8080:80/UDP', { protocol: 'udp', host: one(8080), container: one(80) }],
    ['127.0.0.1:8080:80', { protocol: 'tcp', ip: '127.0.0.1', host: one(8080), container: one(80) }],
    ['127.0.0.1::80', { protocol: 'tcp', ip: '127.0.0.1', container: one(80) }],
    ['[::1]:8080:80', { protocol: 'tcp', ip: '::1', host: one(8080), container: one(80) }],
    ['[::1]::80', { protocol: 'tcp', ip: '::1', container: one(80) }],
    [':80', { protocol: 'tcp', container: one(80) }],
    ['0:80', { protocol: 'tcp', container: one(80) }],
    [
      '8000-8002:9000-9002',
      { protocol: 'tcp', host: { first: 8000, last: 8002 }, container: { first: 9000, last: 9002 } },
    ],
    ['8000-8009:80', { protocol: 'tcp', host: { first: 8000, last: 8009 }, container: one(80) }],
    ['80-82', { protocol: 'tcp', container: { first: 80, last: 82 } }],
    ['published=8080,target=80,protocol=udp', { protocol: 'udp', host: one(8080), container: one(80) }],
    ['target=80', { protocol: 'tcp', container: one(80) }],
  ])('is %s', (text, port) => {
    expect(parsePublish(text)).toEqual(port);
  });

  it.each([
    ...['', 'x', '80:', '80:x', '0', '65536', '8080:0', '80/sctp', '80/icmp', '1-2:1-3', '3-1:1', '1.2.3:80:80'],
    ...['::1:80:80', '[::1]80', 'a=b', 'published=80', 'target=80,x=1', 'target=80:81', '80:80:80:80'],
  ])('is not %j', (text) => {
    expect(() => parsePublish(text)).toThrow(expect.objectContaining({ code: 'ERR_RCX_INVALID_OPTION' }));
  });

  it('is said to the core', () => {
    const own = { id: 'n', address: '10.0.0.2', prefix: 24, gateway: '10.0.0.1', mac: '' };
    const ports = ['8080:80', '8000-8009:81', '[::1]:82:82', '90-91'].map(parsePublish);
    const everywhere = ['0.0.0.0', '::'];
    const to = ['10.0.0.2'];
    expect(publicationOf(ports, own)).toEqual([
      { protocol: 'tcp', addresses: everywhere, to, first: 8080, last: 8080, port: 80, any: false },
      { protocol: 'tcp', addresses: everywhere, to, first: 8000, last: 8009, port: 81, any: true },
      { protocol: 'tcp', addresses: ['::1'], to, first: 82, last: 82, port: 82, any: false },
      { protocol: 'tcp', addresses: everywhere, to, first: 0, last: 0, port: 90, any: true },
      { protocol: 'tcp', addresses: everywhere, to, first: 0, last: 0, port: 91, any: true },
    ]);
  });
});

it('all that is exposed is published, but what cannot be', () => {
  expect(publishedAll({ '80/tcp': {}, '53/udp': {}, '9/sctp': {} })).toEqual([
    { protocol: 'tcp', container: one(80) },
    { protocol: 'udp', container: one(53) },
  ]);
});
