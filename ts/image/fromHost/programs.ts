import { posix } from 'node:path';
import { RcxError } from '../../errors.ts';
import { withFileSource } from './byteSource.ts';
import { isElf } from './elf.ts';
import type { HostRoot } from './hostRoot.ts';
import type { Linkage } from './linkage.ts';
import { parseShebang } from './shebang.ts';
import type { ImageTree } from './tree.ts';

/** Where programs given by name are looked for, in this order; also the `PATH` of the image. */
export const PROGRAM_PATH = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** What programs open while they run and no ELF header names: glibc's name services, and the unwinder that thread cancellation needs. */
const OPENED_AT_RUN_TIME = ['libnss_files.so.2', 'libnss_dns.so.2', 'libnss_compat.so.2', 'libgcc_s.so.1'];
/** As many interpreters of interpreters as the kernel follows (`exec_binprm`). */
const MAX_SCRIPT_DEPTH = 5;

/** Adds programs to a tree together with all they need to start. */
export class ProgramCollector {
  constructor(
    private readonly host: HostRoot,
    private readonly linkage: Linkage,
    private readonly tree: ImageTree,
  ) {}

  /**
   * Adds one program, given by name (looked up in {@link PROGRAM_PATH}) or by path. Returns the path it has in the image.
   * Throws `ERR_RCX_PROGRAM_NOT_FOUND`, and what {@link Linkage.closure} throws.
   */
  add(name: string): string {
    const path = this.#locate(name);
    this.#addFile(path, 0);
    return path;
  }

  #locate(name: string): string {
    const isPath = name.includes('/');
    const candidates = isPath ? [posix.resolve(name)] : PROGRAM_PATH.map((directory) => `${directory}/${name}`);
    const path = candidates.find((candidate) => this.#isProgram(candidate));
    if (path === undefined) throw programNotFound(name, isPath && this.host.walk(posix.resolve(name)) !== undefined);
    return path;
  }

  #isProgram(path: string): boolean {
    const walk = this.host.file(path);
    return walk !== undefined && (Number(walk.node.stat.mode) & 0o111) !== 0;
  }

  #addFile(path: string, depth: number): void {
    const walk = this.host.file(path);
    if (walk === undefined) throw programNotFound(path, false);
    const source = this.host.hostPath(walk.node.path);
    const { elf, shebang } = withFileSource(source, (bytes) => ({
      elf: isElf(bytes),
      shebang: parseShebang(bytes.read(0, Math.min(256, bytes.size)) ?? Buffer.alloc(0)),
    }));
    const needed = elf ? this.linkage.closure(path, OPENED_AT_RUN_TIME) : [];
    if (shebang !== undefined) this.#addInterpreter(path, shebang, depth);
    this.tree.addWalk(walk);
    for (const library of needed) this.tree.addHostPath(library);
  }

  #addInterpreter(
    script: string,
    { interpreter, program }: { interpreter: string; program: string | undefined },
    depth: number,
  ): void {
    if (depth >= MAX_SCRIPT_DEPTH) throw tooManyInterpreters(script);
    this.#addFile(interpreter, depth + 1);
    if (program !== undefined) this.#addFile(this.#locate(program), depth + 1);
  }
}

function programNotFound(name: string, exists: boolean): RcxError {
  const why = exists ? 'not an executable file' : 'no such program on this machine';
  return new RcxError(`image from-host: ${name}: ${why}`, {
    code: 'ERR_RCX_PROGRAM_NOT_FOUND',
    step: 'find a program',
    path: name,
    hint: name.includes('/')
      ? 'give the path of an executable file.'
      : `programs are looked for in ${PROGRAM_PATH.join(':')}; give a path for others.`,
  });
}

function tooManyInterpreters(script: string): RcxError {
  return new RcxError(`image from-host: ${script}: too many interpreters of interpreters`, {
    code: 'ERR_RCX_INVALID_SCRIPT',
    step: 'find the interpreter of a script',
    path: script,
    errno: 'ELOOP',
  });
}
