import { describe, expect, it } from 'vitest';
import { formatJson } from '../../../../cli/output/json.ts';

describe('formatJson', () => {
  it('is indented as Docker’s', () => {
    expect(formatJson([{ Id: 'x' }])).toBe('[\n    {\n        "Id": "x"\n    }\n]');
  });

  it('reads back as what it was, and holds nothing that a terminal obeys', () => {
    const everything = String.fromCharCode(...Array(0x200).keys(), 0x2028, 0xd800, 0xffff);
    const json = formatJson({ [everything]: everything }, 0);
    expect(JSON.parse(json)).toEqual({ [everything]: everything });
    expect(json).not.toMatch(/\p{Cc}/u);
  });
});
