import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { formatLdCache, type LdCacheEntry } from '../../../../ts/image/fromHost/ldCache.ts';
import { buildElf, type ElfDescription } from './elfBuilder.ts';

/** A machine's file system in a temporary directory. */
export class HostFixture {
  readonly root = mkdtempSync(join(tmpdir(), 'rcx-host-'));

  elf(path: string, description: ElfDescription = {}): this {
    return this.file(path, buildElf(description), 0o755);
  }

  file(path: string, content: string | Buffer, mode = 0o644): this {
    const at = this.#prepare(path);
    writeFileSync(at, content);
    chmodSync(at, mode);
    return this;
  }

  link(path: string, target: string): this {
    symlinkSync(target, this.#prepare(path));
    return this;
  }

  directory(path: string): this {
    mkdirSync(join(this.root, path), { recursive: true });
    return this;
  }

  ldCache(...paths: string[]): this {
    const entries = paths.map(
      (path): LdCacheEntry => ({ soname: path.split('/').pop() ?? '', path, flags: 0x0303, hwcap: 0n }),
    );
    return this.file('/etc/ld.so.cache', formatLdCache(entries));
  }

  remove(): void {
    rmSync(this.root, { recursive: true });
  }

  #prepare(path: string): string {
    const at = join(this.root, path);
    mkdirSync(dirname(at), { recursive: true });
    return at;
  }
}
