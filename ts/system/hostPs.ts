import { execFile } from 'node:child_process';
import { RcxError } from '../errors.ts';
import { plain, quote } from '../oci/quote.ts';
import type { ProcessTable } from './processTable.ts';

const STEP = 'list the processes';
const MOST_OUTPUT = 64 * 1024 * 1024;

/**
 * What the host's `ps` says of processes, in the columns that the user asks it for.
 * @throws ERR_RCX_PS when it is not there, fails, or does not show by which pid to tell its lines
 */
export async function runPs(pids: readonly number[], args: readonly string[]): Promise<ProcessTable> {
  refuseRenamedPid(args);
  const only = `-q${pids.join(',')}`;
  let output: string;
  try {
    output = await ps([...args, only]);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw missing();
    // Some options, as f, do not go together with -q.
    output = await ps(args).catch((cause: Error & { stderr?: string }) => {
      const [why = ''] = (cause.stderr || cause.message).split('\n');
      throw failure(`ps ${plain(args.join(' '))}: ${plain(why)}`, 'options are those of the ps of this machine', cause);
    });
  }
  return parsePs(output, new Set(pids));
}

/**
 * The lines of ps' output that are about one of the processes.
 * @throws ERR_RCX_PS when there is no column PID
 */
export function parsePs(output: string, pids: ReadonlySet<number>): ProcessTable {
  const [header = '', ...lines] = output.split('\n');
  const titles = header.trim().split(/\s+/);
  const at = titles.indexOf('PID');
  if (at < 0) throw failure('its output has no column PID', 'without it nobody can tell whose the lines are');
  const rows: string[][] = [];
  let isWanted = false;
  for (const line of lines) {
    const words = line.trim().split(/\s+/);
    const pid = words[at];
    if (pid === undefined || line === '') continue;
    // With threads, ps has a dash for those of the process above.
    if (pid !== '-') isWanted = pids.has(Number(pid));
    if (isWanted) rows.push([...words.slice(0, titles.length - 1), words.slice(titles.length - 1).join(' ')]);
  }
  return { titles, rows };
}

/** Lines are told by the column that is called PID: nothing else may be called that. */
function refuseRenamedPid(args: readonly string[]): void {
  for (const [, name = '', title = ''] of ` ${args.join(' ')}`.matchAll(/[\s,]([^\s,=]*)=\s*(PID\S*)/g)) {
    if (name !== 'pid') throw failure(`a column cannot be called ${quote(title)}`, 'leave out its title');
  }
}

function ps(args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile('ps', args, { maxBuffer: MOST_OUTPUT }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(Object.assign(error, { stderr }));
    });
  });
}

function missing(): RcxError {
  return failure(
    'this machine has no ps, which the options are for',
    'leave them out for the columns of ps -ef, or install it, on Debian with: apt install procps',
  );
}

function failure(problem: string, hint: string, cause?: unknown): RcxError {
  return new RcxError(`${STEP}: ${problem}`, { code: 'ERR_RCX_PS', step: STEP, hint, cause });
}
