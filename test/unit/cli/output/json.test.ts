import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatJson } from '../../../../cli/output/json.ts';

describe('formatJson', () => {
  it('is indented as Docker’s', () => {
    expect(formatJson([{ Id: 'x' }])).toBe('[\n    {\n        "Id": "x"\n    }\n]');
  });

  it('reads back as what it was, and holds nothing that a terminal obeys', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const json = formatJson({ Name: text });
        expect(JSON.parse(json)).toEqual({ Name: text });
        expect(json.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
      }),
    );
  });
});
