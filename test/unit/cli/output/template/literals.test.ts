import { describe, expect, it } from 'vitest';
import { refusal, render } from './support.ts';

describe('numbers', () => {
  it.each([
    ['{{1}}', '1'],
    ['{{+1}}', '1'],
    ['{{-1}}', '-1'],
    ['{{0}}', '0'],
    ['{{-0}}', '0'],
    ['{{017}}', '15'],
    ['{{0o17}}', '15'],
    ['{{0x1F}}', '31'],
    ['{{0b101}}', '5'],
    ['{{1_000}}', '1000'],
    ['{{0x_1}}', '1'],
    ['{{1.5}}', '1.5'],
    ['{{1.}}', '1'],
    ['{{.5}}', '0.5'],
    ['{{1e3}}', '1000'],
    ['{{1E3}}', '1000'],
    ['{{1e-3}}', '0.001'],
    ['{{+1.5}}', '1.5'],
    ['{{-0.0}}', '-0'],
    ['{{100000.0}}', '100000'],
    ['{{1e6}}', '1e+06'],
    ['{{123456789.0}}', '1.23456789e+08'],
    ['{{0.0001}}', '0.0001'],
    ['{{0.00001}}', '1e-05'],
    ['{{print 1 -1 +1}}', '1 -1 1'],
    ['{{9007199254740991}}', '9007199254740991'],
  ])('%j prints %j', (template, text) => {
    expect(render(template)).toBe(text);
  });
});

describe('what is no number', () => {
  it.each([
    ['{{08}}', /"08" is no number/],
    ['{{1a}}', /"1a" is no number/],
    ['{{1.5.5}}', /is no number/],
    ['{{0x}}', /is no number/],
    ['{{1__0}}', /is no number/],
    ['{{1_}}', /is no number/],
    ['{{1e}}', /is no number/],
    ['{{1e999}}', /is no number/],
    ['{{99999999999999999999}}', /too large/],
    ['{{1+1}}', /unexpected/],
    ['{{3-}}', /unexpected/],
  ])('%j is refused', (template, why) => {
    expect(refusal(template)).toMatch(why);
  });
});

describe('strings', () => {
  it.each([
    ['{{""}}', ''],
    ['{{``}}', ''],
    ['{{"a\\tb"}}', 'a\tb'],
    ['{{"\\a\\b\\f\\n\\r\\v\\\\\\""}}', '\u0007\b\f\n\r\u000b\\"'],
    ['{{"\\x41\\101\\u0041\\U00000041"}}', 'AAAA'],
    ['{{"\\xc3\\xa9"}}', 'é'],
    ['{{"\\U0001f427"}}', '🐧'],
    ['{{`a\nb`}}', 'a\nb'],
    ['{{`a\\nb`}}', 'a\\nb'],
    ['{{`a\rb`}}', 'ab'],
    ['{{"🐧"}}', '🐧'],
  ])('%j prints %j', (template, text) => {
    expect(render(template)).toBe(text);
  });
});

describe('escapes that Go does not know', () => {
  it.each([
    ['{{"\\q"}}', /1:3: .*escape/],
    ['{{"\\\'"}}', /escape/],
    ['{{"\\u12"}}', /escape/],
    ['{{"\\ud800"}}', /escape/],
    ['{{"\\U00110000"}}', /escape/],
    ['{{"\\400"}}', /escape/],
    ['{{"\\8"}}', /escape/],
  ])('%j is refused', (template, why) => {
    expect(refusal(template)).toMatch(why);
  });
});
