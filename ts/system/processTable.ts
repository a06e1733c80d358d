import { readFileSync } from 'node:fs';

/** Columns with a line for each process. */
export interface ProcessTable {
  titles: string[];
  rows: string[][];
}

/** What there is to know of a process, as its files below `/proc` have it. */
export interface ProcessFiles {
  stat: string;
  status: string;
  cmdline: string;
}

/** What times and users are told by. */
export interface Clock {
  /** Milliseconds since 1970. */
  now: number;
  /** Seconds since 1970 at which the machine was started. */
  boot: number;
  userName(uid: number): string | undefined;
}

/** Clock ticks of a second in `/proc`: it is 100 wherever Linux runs today. */
const HERTZ = 100;
const TITLES: readonly string[] = ['UID', 'PID', 'PPID', 'C', 'STIME', 'TTY', 'TIME', 'CMD'];
/** Where ps cuts a user's name off. */
const NAME_LENGTH = 8;

/** The processes with these pids in the columns of `ps -ef`, from `/proc`. Those that have ended meanwhile are left out. */
export function processTable(pids: readonly number[]): ProcessTable {
  const clock = { now: Date.now(), boot: bootTime(), userName: userNames() };
  const rows = pids.flatMap((pid) => {
    const files = readFiles(pid);
    return files === undefined ? [] : [processRow(files, clock)];
  });
  return { titles: [...TITLES], rows };
}

/** One line of `ps -ef`. */
export function processRow({ stat, status, cmdline }: ProcessFiles, clock: Clock): string[] {
  // The command's name may hold spaces and parentheses (proc_pid_stat(5)).
  const [open, close] = [stat.indexOf('('), stat.lastIndexOf(')')];
  const name = stat.slice(open + 1, close);
  const fields = stat.slice(close + 2).split(' ');
  const field = (number: number) => Number(fields[number - 3]);
  const uid = Number(/^Uid:\s+\d+\s+(\d+)/m.exec(status)?.[1]);
  const used = Math.floor((field(14) + field(15)) / HERTZ);
  const start = clock.boot + Math.floor(field(22) / HERTZ);
  const age = Math.floor(clock.now / 1000) - start;
  const isZombie = fields[0] === 'Z';
  return [
    user(uid, clock),
    String(Number.parseInt(stat, 10)),
    String(field(4)),
    String(age > 0 ? Math.min(99, Math.floor((used * 100) / age)) : 0),
    startText(new Date(start * 1000), new Date(clock.now)),
    terminal(field(7)),
    timeText(used),
    isZombie ? `[${name}] <defunct>` : commandLine(cmdline) || `[${name}]`,
  ];
}

function user(uid: number, { userName }: Clock): string {
  const name = userName(uid);
  if (name === undefined) return String(uid);
  return name.length <= NAME_LENGTH ? name : `${name.slice(0, NAME_LENGTH - 1)}+`;
}

/** ps' three ways to say when: time of the day, day of the year, year. */
function startText(start: Date, now: Date): string {
  if (start.getFullYear() !== now.getFullYear()) return String(start.getFullYear());
  const two = (number: number) => String(number).padStart(2, '0');
  if (start.getMonth() === now.getMonth() && start.getDate() === now.getDate()) {
    return `${two(start.getHours())}:${two(start.getMinutes())}`;
  }
  const month = 'JanFebMarAprMayJunJulAugSepOctNovDec'.slice(start.getMonth() * 3, start.getMonth() * 3 + 3);
  return `${month}${two(start.getDate())}`;
}

/** `d-hh:mm:ss` of processor time. */
function timeText(seconds: number): string {
  const two = (number: number) => String(Math.floor(number)).padStart(2, '0');
  const text = [(seconds / 3600) % 24, (seconds / 60) % 60, seconds % 60].map(two).join(':');
  return seconds < 86_400 ? text : `${Math.floor(seconds / 86_400)}-${text}`;
}

/** Name of a terminal by its device number, as the kernel packs it. */
function terminal(device: number): string {
  const major = (device >> 8) & 0xfff;
  const minor = (device & 0xff) | ((device >> 12) & 0xfff00);
  if (major >= 136 && major <= 143) return `pts/${minor + (major - 136) * 256}`;
  if (major === 4) return minor < 64 ? `tty${minor}` : `ttyS${minor - 64}`;
  return major === 5 && minor === 1 ? 'console' : '?';
}

function commandLine(cmdline: string): string {
  return cmdline.replace(/\0+$/, '').replaceAll('\0', ' ');
}

function readFiles(pid: number): ProcessFiles | undefined {
  try {
    const read = (file: string) => readFileSync(`/proc/${pid}/${file}`, 'utf8');
    return { stat: read('stat'), status: read('status'), cmdline: read('cmdline') };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH') return undefined;
    throw error;
  }
}

function bootTime(): number {
  return Number(/^btime (\d+)$/m.exec(readFileSync('/proc/stat', 'utf8'))?.[1]);
}

/** The host's users, whom ps shows by their names there. */
function userNames(): (uid: number) => string | undefined {
  const names = new Map<number, string>();
  for (const line of readUsers().split('\n')) {
    const [name = '', , uid = ''] = line.split(':');
    if (name !== '' && /^\d+$/.test(uid) && !names.has(Number(uid))) names.set(Number(uid), name);
  }
  return (uid) => names.get(uid);
}

function readUsers(): string {
  try {
    return readFileSync('/etc/passwd', 'utf8');
  } catch {
    return '';
  }
}
