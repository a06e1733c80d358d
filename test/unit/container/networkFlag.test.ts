import { describe, expect, it } from 'vitest';
import { networkOptions } from '../../../cli/flags/network.ts';
import { parseNetworkFlag } from '../../../ts/container/networkFlag.ts';

describe('--network', () => {
  it('is a mode, a network, or docker’s long form', () => {
    expect(parseNetworkFlag('none')).toEqual({ network: 'none' });
    expect(parseNetworkFlag('')).toEqual({ network: 'default' });
    expect(parseNetworkFlag('name=front,alias=web,alias=www,ip=10.0.0.9,mac-address=02:00:00:00:00:01')).toEqual({
      ...{ network: 'front', aliases: ['web', 'www'], ip: '10.0.0.9', mac: '02:00:00:00:00:01' },
    });
  });

  it.each(['alias=web', 'name=', 'name=a,gw-priority=1', 'name=a,alias', 'name=../a'])('is not %j', (text) => {
    expect(() => parseNetworkFlag(text)).toThrow(expect.objectContaining({ code: 'ERR_RCX_INVALID_OPTION' }));
  });

  it('is for one network, and others beside it', () => {
    const options = networkOptions({
      network: [{ network: 'a', aliases: ['x'] }, { network: 'b' }],
      ...{ networkAlias: ['y'], ip: '10.0.0.9', dnsOpt: ['ndots:1'], dnsOption: ['rotate'] },
    });
    expect(options).toMatchObject({
      ...{ network: 'a', networkAliases: ['x', 'y'], ip: '10.0.0.9', moreNetworks: [{ network: 'b' }] },
      dnsOptions: ['rotate', 'ndots:1'],
    });
    expect(networkOptions({ net: [{ network: 'host' }] })).toMatchObject({ network: 'host' });
  });
});
