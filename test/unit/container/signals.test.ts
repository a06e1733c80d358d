import { describe, expect, it } from 'vitest';
import { parseSignal, signalName } from '../../../ts/container/signals.ts';

describe('parseSignal', () => {
  it.each([
    ['SIGTERM', 15],
    ['term', 15],
    ['KILL', 9],
    ['9', 9],
    ['64', 64],
    ['RTMIN', 34],
    ['SIGRTMIN+3', 37],
    ['rtmax-1', 63],
  ])('%s is %d', (text, number) => {
    expect(parseSignal(text)).toBe(number);
  });

  it.each(['', '0', '65', '-9', '9.5', 'SIGNOPE', 'RTMIN+99', 'constructor', '1e1'])('refuses %j', (text) => {
    expect(() => parseSignal(text)).toThrow(expect.objectContaining({ code: 'ERR_RCX_INVALID_SIGNAL' }));
  });
});

describe('signalName', () => {
  it.each([
    [15, 'SIGTERM'],
    [34, 'SIGRTMIN+0'],
    [37, 'SIGRTMIN+3'],
  ])('%d is %s', (number, name) => {
    expect(signalName(number)).toBe(name);
    expect(parseSignal(name)).toBe(number);
  });
});
