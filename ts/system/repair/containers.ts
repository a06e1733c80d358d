import { defaultCgroup } from '../../container/cgroupPath.ts';
import { writeState } from '../../container/record.ts';
import { removeCgroup } from '../../container/removeCgroup.ts';
import type { Engine } from '../../engine.ts';
import type { Problem } from '../../store/check/findings.ts';
import { hasProcesses } from '../strayCgroups.ts';
import type { Tell } from './report.ts';

/** No process is this one. */
const NOBODY = { pid: 0, startTime: '', bootId: '' };

/** Mends what can be of containers: what they wrote is never removed. */
export function repairContainers({ containers }: Engine, problems: readonly Problem[], tell: Tell): void {
  for (const problem of problems) {
    if (problem.kind === 'container' && problem.part === 'state')
      repairState(containers.folder(problem.id), problem, tell);
    else if (problem.kind === 'name' && containers.rename(problem)) {
      tell('repaired', `name: ${problem.path}: leads to container ${problem.id.slice(0, 12)} again`);
    } else if (problem.kind === 'processes') {
      removeCgroup(defaultCgroup(problem.id));
      tell('removed', `processes of container ${problem.id.slice(0, 12)}, which is not there any more`);
    } else if (problem.kind === 'container' || problem.kind === 'name') {
      tell('failed', `${problem.message}; ${adviceOf(problem)}`);
    }
  }
}

function repairState(folder: string, problem: Problem & { kind: 'container' }, tell: Tell): void {
  const short = problem.id.slice(0, 12);
  if (hasProcesses(problem.id)) {
    tell('failed', `container ${short}: it runs: its record is written when it ends`);
    return;
  }
  writeState(folder, { status: 'exited', owner: NOBODY, finishedAt: new Date().toISOString() });
  tell('repaired', `container ${short}: ${problem.path}: it has ended, with an unknown exit code`);
}

function adviceOf(problem: Problem & { kind: 'container' | 'name' }): string {
  return problem.kind === 'name' ? `another has the name: use the id ${problem.id.slice(0, 12)}` : problem.hint;
}
