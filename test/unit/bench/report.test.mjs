import { describe, expect, it } from 'vitest';
import { pullReport, startReport } from '../../../scripts/bench/report.mjs';

describe('report', () => {
  it('shows starts in milliseconds, with ratios to both ways of rcx', () => {
    const text = startReport({
      results: [
        { name: 'rcx API, in-process', samples: [4e6, 5e6, 6e6] },
        { name: '`rcx run --rm --network none`', samples: [40e6] },
        { name: 'peer', samples: [100e6] },
      ],
      absent: [],
    });
    expect(text).toContain('| rcx API, in-process | 3 | 5.00 | 6.00 | 1.00 × | 0.13 × |');
    expect(text).toContain('| peer | 1 | 100.0 | 100.0 | 20.00 × | 2.50 × |');
  });

  it('shows peers without rcx, and says in one line each what is missing', () => {
    const text = startReport({
      results: [{ name: 'peer', samples: [1e6] }],
      absent: [{ name: 'rcx', reason: 'not built:\n  dist' }],
    });
    expect(text).toContain('| peer | 1 | 1.00 | 1.00 | – | – |');
    expect(text).toContain('- not measured: rcx: not built: dist');
  });

  it('shows pulls in seconds, with the image they pulled', () => {
    const text = pullReport({
      image: { layers: [10e6, 200e6], compressedBytes: 210e6, unpackedBytes: 600e6, entries: 5 },
      results: [
        { name: '`rcx pull`', samples: [2e9, 3e9, 4e9], onDisk: [5e9, 5e9, 5e9] },
        { name: '`docker pull`', samples: [9e9], onDisk: [10e9] },
      ],
      absent: [],
    });
    expect(text).toContain('2 layers, 210 MB compressed (the largest 200 MB), 600 MB and 5 files unpacked');
    expect(text).toContain('| `docker pull` | 1 | 9.00 | 9.00–9.00 | 3.00 × | 10.00 |');
  });
});
