import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HostRoot } from '../../../../ts/image/fromHost/hostRoot.ts';
import { Linkage } from '../../../../ts/image/fromHost/linkage.ts';
import type { ElfDescription } from './elfBuilder.ts';
import { HostFixture } from './hostFixture.ts';

const LOADER = '/lib64/ld-linux-x86-64.so.2';

let fixture: HostFixture;
beforeEach(() => {
  fixture = new HostFixture().elf(LOADER, { soname: 'ld-linux-x86-64.so.2' });
});
afterEach(() => fixture.remove());

/** The libraries of /app/bin/main, its loader left out. */
function libraries(main: ElfDescription, extra: string[] = []): string[] {
  fixture.elf('/app/bin/main', { interpreter: LOADER, ...main });
  const [loader, ...rest] = new Linkage(new HostRoot(fixture.root)).closure('/app/bin/main', extra);
  expect(loader).toBe(LOADER);
  return rest;
}

describe('the search order of ld.so(8)', () => {
  it('is rpath, cache, default directories', () => {
    fixture
      .elf('/r/libx.so')
      .elf('/c/libx.so')
      .elf('/c/liby.so')
      .elf('/lib/libx.so')
      .elf('/lib/liby.so')
      .elf('/lib/libz.so');
    fixture.ldCache('/c/libx.so', '/c/liby.so');
    expect(libraries({ needed: ['libx.so', 'liby.so', 'libz.so'], rpath: '/r' })).toEqual([
      '/r/libx.so',
      '/c/liby.so',
      '/lib/libz.so',
    ]);
  });

  it('hands an rpath down to what the libraries need', () => {
    fixture.elf('/r/liba.so', { needed: ['libb.so'] }).elf('/r/libb.so');
    expect(libraries({ needed: ['liba.so'], rpath: '/r' })).toEqual(['/r/liba.so', '/r/libb.so']);
  });

  it('keeps a runpath to its own file', () => {
    fixture
      .elf('/r/liba.so', { needed: ['libb.so'] })
      .elf('/r/libb.so')
      .elf('/lib/libb.so');
    expect(libraries({ needed: ['liba.so'], runpath: '/r' })).toEqual(['/r/liba.so', '/lib/libb.so']);
  });

  it('ignores the rpaths above a library that has a runpath', () => {
    fixture
      .elf('/r/liba.so', { needed: ['libb.so'], runpath: '/own' })
      .elf('/r/libb.so')
      .elf('/lib/libb.so');
    expect(libraries({ needed: ['liba.so'], rpath: '/r' })).toEqual(['/r/liba.so', '/lib/libb.so']);
  });

  it('ignores the rpath of a file that has a runpath too', () => {
    fixture.elf('/old/liba.so').elf('/new/liba.so');
    expect(libraries({ needed: ['liba.so'], rpath: '/old', runpath: '/new' })).toEqual(['/new/liba.so']);
  });

  it('passes over libraries of another class, machine or byte order, and files that are none', () => {
    fixture
      .elf('/1/liba.so', { bits: 32, machine: 3 })
      .elf('/2/liba.so', { machine: 183 })
      .elf('/3/liba.so', { littleEndian: false })
      .elf('/4/liba.so', { type: 2 })
      .file('/5/liba.so', 'GROUP ( /lib/liba.so )')
      .directory('/6/liba.so')
      .elf('/7/liba.so');
    expect(libraries({ needed: ['liba.so'], rpath: '/1:/2:/3:/4:/5:/6:/7' })).toEqual(['/7/liba.so']);
  });

  it('leaves out default directories, cached or not, with -z nodefaultlib', () => {
    fixture.elf('/lib/liba.so').elf('/c/libb.so').ldCache('/lib/liba.so', '/c/libb.so');
    expect(libraries({ needed: ['libb.so'], flags1: 0x800 })).toEqual(['/c/libb.so']);
    expect(() => libraries({ needed: ['liba.so'], flags1: 0x800 })).toThrow('liba.so');
  });

  it('looks into multiarch and lib64 directories', () => {
    fixture.elf('/usr/lib/x86_64-linux-gnu/liba.so').directory('/lib/x86_64-linux-gnu').elf('/usr/lib64/libb.so');
    expect(libraries({ needed: ['liba.so', 'libb.so'] })).toEqual([
      '/usr/lib/x86_64-linux-gnu/liba.so',
      '/usr/lib64/libb.so',
    ]);
  });
});

describe('names', () => {
  it('expands $ORIGIN, $LIB and $PLATFORM, with and without braces', () => {
    fixture.elf('/app/lib/liba.so').elf('/x/lib64/libb.so').elf('/x/x86_64/libc.so');
    expect(
      libraries({ needed: ['liba.so', 'libb.so', 'libc.so'], rpath: `$ORIGIN/../lib:/x/\${LIB}:/x/$PLATFORM` }),
    ).toEqual(['/app/bin/../lib/liba.so', '/x/lib64/libb.so', '/x/x86_64/libc.so']);
  });

  it('takes the origin of a program that is a link from where it leads', () => {
    fixture.elf('/opt/tool/bin/tool', { interpreter: LOADER, needed: ['liba.so'], runpath: '$ORIGIN/../lib' });
    fixture.elf('/opt/tool/lib/liba.so').link('/usr/bin/tool', '/opt/tool/bin/tool');
    const closure = new Linkage(new HostRoot(fixture.root)).closure('/usr/bin/tool');
    expect(closure).toEqual([LOADER, '/opt/tool/bin/../lib/liba.so']);
  });

  it('takes relative directories of an rpath for none', () => {
    fixture.elf('/lib/liba.so');
    expect(libraries({ needed: ['liba.so'], rpath: ':lib:.' })).toEqual(['/lib/liba.so']);
  });

  it('opens a name with a slash as a path', () => {
    fixture.elf('/app/plugins/liba.so');
    expect(libraries({ needed: ['$ORIGIN/../plugins/liba.so'] })).toEqual(['/app/bin/../plugins/liba.so']);
  });

  it('loads nothing twice: a soname answers for later needs', () => {
    fixture
      .elf('/r/libfull.so.1.2', { soname: 'liba.so.1' })
      .elf('/lib/liba.so.1')
      .elf('/lib/libb.so', { needed: ['liba.so.1'] });
    expect(libraries({ needed: ['/r/libfull.so.1.2', 'libb.so', 'ld-linux-x86-64.so.2'] })).toEqual([
      '/r/libfull.so.1.2',
      '/lib/libb.so',
    ]);
  });

  it('follows libraries that need each other', () => {
    fixture.elf('/lib/liba.so', { needed: ['libb.so'] }).elf('/lib/libb.so', { needed: ['liba.so'] });
    expect(libraries({ needed: ['liba.so'] })).toEqual(['/lib/liba.so', '/lib/libb.so']);
  });

  it('loads filters, and auxiliary filters that exist', () => {
    fixture.elf('/lib/liba.so', { filter: 'libreal.so', auxiliary: 'libnone.so' }).elf('/lib/libreal.so');
    expect(libraries({ needed: ['liba.so'] })).toEqual(['/lib/liba.so', '/lib/libreal.so']);
  });

  it('adds what is opened at run time, if it exists', () => {
    fixture
      .elf('/lib/libc.so.6')
      .elf('/lib/libnss_files.so.2', { needed: ['libnss_help.so'] })
      .elf('/lib/libnss_help.so');
    expect(libraries({ needed: ['libc.so.6'] }, ['libnss_files.so.2', 'libnss_none.so.2'])).toEqual([
      '/lib/libnss_files.so.2',
      '/lib/libc.so.6',
      '/lib/libnss_help.so',
    ]);
  });
});

describe('programs of musl', () => {
  const musl = (main: ElfDescription) => {
    fixture.elf('/lib/ld-musl-x86_64.so.1').elf('/bin/main', { interpreter: '/lib/ld-musl-x86_64.so.1', ...main });
    return new Linkage(new HostRoot(fixture.root)).closure('/bin/main').slice(1);
  };

  it('have their C library in the loader', () => {
    expect(musl({ needed: ['libc.musl-x86_64.so.1', 'libc.so', 'libpthread.so.0'] })).toEqual(
      ['libc.musl-x86_64.so.1'].slice(1),
    );
  });

  it('search the directories of ld-musl-x86_64.path, and no cache', () => {
    fixture
      .file('/etc/ld-musl-x86_64.path', '/opt/lib\n/lib')
      .elf('/opt/lib/liba.so')
      .elf('/c/liba.so')
      .ldCache('/c/liba.so');
    expect(musl({ needed: ['liba.so'] })).toEqual(['/opt/lib/liba.so']);
  });

  it('hand a runpath down', () => {
    fixture.elf('/r/liba.so', { needed: ['libb.so'] }).elf('/r/libb.so');
    expect(musl({ needed: ['liba.so'], runpath: '/r' })).toEqual(['/r/liba.so', '/r/libb.so']);
  });
});

describe('errors', () => {
  it('name the program, the library and what needs it', () => {
    fixture.elf('/lib/liba.so', { needed: ['libgone.so.1'] });
    expect(() => libraries({ needed: ['liba.so'] })).toThrow(
      expect.objectContaining({
        code: 'ERR_RCX_LIBRARY_NOT_FOUND',
        message: 'resolve shared libraries: /app/bin/main: libgone.so.1, needed by /lib/liba.so, was not found',
      }),
    );
  });

  it('name a loader that is missing', () => {
    expect(() => libraries({ interpreter: '/lib/ld-gone.so.1' })).toThrow('/lib/ld-gone.so.1');
  });

  it('tell a damaged program', () => {
    fixture.file('/bin/broken', '\x7fELF', 0o755);
    const closure = () => new Linkage(new HostRoot(fixture.root)).closure('/bin/broken');
    expect(closure).toThrow(expect.objectContaining({ code: 'ERR_RCX_INVALID_ELF', path: '/bin/broken' }));
  });
});

it('needs nothing for a static program', () => {
  fixture.elf('/bin/static', { type: 2 });
  expect(new Linkage(new HostRoot(fixture.root)).closure('/bin/static', ['libnss_files.so.2'])).toEqual([]);
});
