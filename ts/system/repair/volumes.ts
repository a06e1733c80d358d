import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Engine } from '../../engine.ts';
import { writeFileAtomic } from '../../store/atomic.ts';
import type { Problem } from '../../store/check/findings.ts';
import { finishCopyUp, isHalfFilled } from '../../volume/copyUp.ts';
import { RECORD } from '../../volume/record.ts';
import { VolumeStore } from '../../volume/store.ts';
import type { Tell } from './report.ts';

/** Writes records anew that were damaged, without the labels that were in them, and fills what was being filled. */
export async function repairVolumes({ paths }: Engine, problems: readonly Problem[], tell: Tell): Promise<void> {
  const damaged = new Set(problems.flatMap((problem) => (problem.kind === 'volume' ? [problem.name] : [])));
  for (const volume of new VolumeStore(paths).list()) {
    const { name, folder, mountpoint, damage } = volume;
    if (damage !== undefined && damaged.has(name)) {
      const record = { name, createdAt: new Date().toISOString(), labels: {}, options: {} };
      writeFileAtomic(join(folder, RECORD), `${JSON.stringify(record)}\n`, { mode: 0o600, fsync: true });
      tell('repaired', `volume ${name}: its record was written anew`);
    }
    if (damaged.has(name) && mkdirSync(mountpoint, { recursive: true }) !== undefined) {
      tell('repaired', `volume ${name}: ${mountpoint}: it was made, empty`);
    }
    if (!isHalfFilled(volume)) continue;
    await finishCopyUp(volume);
    tell('repaired', `volume ${name}: it was filled`);
  }
}
