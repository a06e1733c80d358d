// A copy of the checkout, uncommitted files included, in which defences can be taken away.
import { $, fs, path } from 'zx';

/** Below target/, where one of earlier left what the compiler has done already. */
const PLACE = 'target/mutants';

/** What is only read is shared. */
const SHARED = ['node_modules', '.cache'];

/**
 * Makes the copy, or brings that of an earlier run up to date.
 * @returns {Promise<Workshop>}
 */
export async function openWorkshop() {
  const root = path.resolve(PLACE, 'checkout');
  await beAlone(path.resolve(PLACE, 'pid'));
  const listed = (await $`git ls-files -z --cached --others --exclude-standard`.quiet()).stdout.split('\0');
  const files = listed.filter((file) => file !== '' && fs.existsSync(file));
  await removeOthers(root, new Set(files));
  for (const file of files) await copyChanged(file, path.join(root, file));
  const target = path.resolve(PLACE, 'target');
  await fs.ensureDir(target);
  await fs.ensureDir('.cache');
  for (const name of SHARED) await link(path.resolve(name), path.join(root, name));
  await link(target, path.join(root, 'target'));
  return new Workshop(root);
}

export class Workshop {
  /** Absolute path of the copy. */
  root;

  constructor(root) {
    this.root = root;
  }

  read(file) {
    return fs.readFileSync(path.join(this.root, file), 'utf8');
  }

  /**
   * Writes files, builds, and runs `body`; afterwards the files are as they were.
   * @template T
   * @param {Map<string, string>} files
   * @param {(built: { ok: boolean, output: string }) => Promise<T>} body
   * @returns {Promise<T>}
   */
  async with(files, body) {
    const before = new Map([...files.keys()].map((file) => [file, this.read(file)]));
    try {
      this.#write(files);
      return await body(await this.#build());
    } finally {
      this.#write(before);
    }
  }

  /**
   * Runs tests.
   * @param {string[]} files
   * @param {string | undefined} only pattern of their names
   * @returns {Promise<string | undefined>} vitest's JSON report
   */
  async test(files, only) {
    const report = path.join(this.root, 'target', 'report.json');
    await fs.remove(report);
    const project = files.map((file) => file.split('/')[1]).filter((name, index, all) => all.indexOf(name) === index);
    const args = [
      ...project.flatMap((name) => ['--project', name]),
      ...files,
      ...(only === undefined ? [] : ['-t', only]),
      '--reporter=json',
      `--outputFile.json=${report}`,
    ];
    await $({ cwd: this.root, nothrow: true, quiet: true, stdio: ['ignore', 'pipe', 'pipe'] })`vitest run ${args}`;
    return (await fs.pathExists(report)) ? await fs.readFile(report, 'utf8') : undefined;
  }

  #write(files) {
    for (const [file, text] of files) fs.writeFileSync(path.join(this.root, file), text);
  }

  async #build() {
    const build = $({ cwd: this.root, nothrow: true, quiet: true, stdio: ['ignore', 'pipe', 'pipe'] });
    const { exitCode, stdout, stderr } = await build`zx scripts/build.mjs --quick`;
    return { ok: exitCode === 0, output: stdout + stderr };
  }
}

/** Two runs would build each other's mutants. */
async function beAlone(file) {
  const pid = (await fs.pathExists(file)) ? (await fs.readFile(file, 'utf8')).trim() : '';
  const command = `/proc/${pid}/cmdline`;
  if (pid !== '' && (await fs.pathExists(command)) && (await fs.readFile(command, 'utf8')).includes('mutants.mjs')) {
    throw new Error(`process ${pid} is at work with mutants of this checkout already`);
  }
  await fs.outputFile(file, `${process.pid}\n`);
}

/** A file that is as it was keeps its time: cargo would compile it again. */
async function copyChanged(from, to) {
  const content = await fs.readFile(from);
  const { mode } = await fs.stat(from);
  if ((await fs.pathExists(to)) && content.equals(await fs.readFile(to))) return;
  await fs.outputFile(to, content, { mode });
}

/** Files of the sources that are no more; what was built stays. */
async function removeOthers(root, files) {
  if (!(await fs.pathExists(root))) return;
  const kept = new Set(['target', 'native', 'dist', ...SHARED]);
  for (const entry of await fs.readdir(root, { withFileTypes: true, recursive: true })) {
    const name = path.relative(root, path.join(entry.parentPath, entry.name));
    if (!entry.isDirectory() && !kept.has(name.split('/')[0]) && !files.has(name))
      await fs.remove(path.join(root, name));
  }
}

async function link(to, at) {
  await fs.remove(at);
  await fs.symlink(to, at);
}
