import { describe, expect, it } from 'vitest';
import {
  commitReport,
  detachedReport,
  machineReport,
  pullReport,
  repullReport,
  startReport,
} from '../../../scripts/bench/report.mjs';

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

  it('shows pulls of what is there in milliseconds over the start of Node', () => {
    const text = repullReport({
      results: [
        { name: '`rcx pull`', samples: [30e6] },
        { name: '`node -e 0`', samples: [20e6] },
        { name: '`docker pull`', samples: [60e6] },
      ],
      absent: [],
    });
    expect(text).toContain('| `rcx pull` | 1 | 30.0 | 30.0 | 1.00 × | 10.0 |');
    expect(text).toContain('| `docker pull` | 1 | 60.0 | 60.0 | 2.00 × | 40.0 |');
  });

  it('shows starts in the background with the memory of who stays', () => {
    const text = detachedReport({
      results: [
        { name: '`rcx run -d`', samples: [5e8], memory: [2 ** 19] },
        { name: '`docker run -d`', samples: [4e9, 5e9, 6e9], memory: [8 * 2 ** 20] },
      ],
      absent: [],
    });
    expect(text).toContain('| `docker run -d` | 3 | 5.00 | 4.00–6.00 | 10.00 × | 8.00 MiB |');
    expect(text).toContain('| `rcx run -d` | 1 | 0.50 | 0.50–0.50 | 1.00 × | 0.50 MiB |');
  });

  it('shows commits and pushes apart and together', () => {
    const text = commitReport({
      results: [
        { name: '`rcx`', commit: [1e9], push: [2e9], samples: [3e9] },
        { name: '`podman`', commit: [4e9], push: [2e9], samples: [6e9] },
      ],
      absent: [],
    });
    expect(text).toContain('| `podman` | 1 | 4.00 | 2.00 | 6.00 | 2.00 × |');
  });

  it('names the machine, the day, and of each program the version alone', () => {
    const text = machineReport({
      date: '2026-01-02T03:04:05.678Z',
      cpu: 'A CPU',
      cores: 2,
      memoryBytes: 8 * 2 ** 30,
      load: 0.25,
      kernel: 'Linux 6.1',
      distribution: 'Debian 12',
      rcx: 'abc1234',
      versions: { node: 'v20.17.0', docker: 'Docker version 28.2.2, build e6534b4', podman: 'not installed' },
    });
    expect(text).toContain('abc1234, 2026-01-02');
    expect(text).toContain('A CPU, 2 cores, 8 GiB, load 0.3 before; Linux 6.1; Debian 12.');
    expect(text).toContain('node 20.17.0, docker 28.2.2, podman not installed.');
  });
});
