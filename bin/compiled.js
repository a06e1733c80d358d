// Loads a script with V8's compiled code from an earlier run, as Node's own compile cache (22.8) does, for older Nodes too:
// reading and compiling the command line anew takes longer than starting a container.
const fs = require('node:fs');
const path = require('node:path');
const vm = require('node:vm');

const MONTH_MS = 30 * 24 * 60 * 60 * 1000;

/**
 * Where compiled code is kept: never in a directory that others can write to. V8 executes what it finds there.
 * `undefined` where there is no such place.
 */
function cacheDirectory() {
  const uid = process.geteuid();
  const base =
    uid === 0 ? '/var/cache' : process.env.XDG_CACHE_HOME || path.join(require('node:os').homedir(), '.cache');
  const directory = path.join(base, 'rcx');
  try {
    fs.mkdirSync(directory, { recursive: true, mode: 0o700 });
    return isPrivate(fs.lstatSync(directory), uid) ? directory : undefined;
  } catch {
    // A read-only home: then the code is compiled each time.
    return undefined;
  }
}

function isPrivate(stat, uid) {
  return stat.uid === uid && (stat.mode & 0o022) === 0 && (stat.isDirectory() || stat.isFile());
}

/** Runs a CommonJS file, with compiled code from `directory` when that belongs to this very file and Node. */
function run(file, directory) {
  // The time of the last change cannot be set: packages bring files of one and the same mtime, and V8 compares nothing but the length.
  const { size, ino, ctimeMs } = fs.statSync(file);
  // Each command compiles other parts of the file.
  const command = /^[a-z]{1,16}$/.test(process.argv[2] ?? '') ? process.argv[2] : 'rcx';
  const key = `${command}-${process.version}-${process.arch}-${size}-${ino}-${Math.trunc(ctimeMs)}${flags()}`;
  const cache = path.join(directory, key);
  const cachedData = read(cache);
  const script = new vm.Script(sourceOf(file, size), { filename: file, cachedData });
  // After the run, so that what was compiled on the way is in it.
  if (cachedData === undefined || script.cachedDataRejected) {
    process.once('exit', (code) => {
      // A mistyped word is no command, and a page of help compiles next to nothing of one.
      if (code !== 125 && !process.argv.includes('--help')) write(cache, script);
    });
  }
  const module = { exports: {} };
  script.runInThisContext()(module.exports, requireFor(file), module, file, path.dirname(file));
}

const HEAD = '(function (exports, require, module, __filename, __dirname) {';
const TAIL = '\n})';

/** A file of `size` bytes as a function. It is ASCII, as esbuild writes it: then V8 takes the bytes as they are. */
function sourceOf(file, size) {
  const bytes = Buffer.allocUnsafe(HEAD.length + size + TAIL.length);
  bytes.latin1Write(HEAD, 0);
  const fd = fs.openSync(file, 'r');
  try {
    if (fs.readSync(fd, bytes, HEAD.length, size, 0) !== size) throw new Error(`${file} is being written`);
  } finally {
    fs.closeSync(fd);
  }
  bytes.latin1Write(TAIL, HEAD.length + size);
  return bytes.latin1Slice();
}

/** What a file's `require` is. Node's own modules need no search, and what makes a function that searches takes long to load. */
function requireFor(file) {
  let searching;
  return (name) => {
    if (name.startsWith('node:')) return require(name);
    searching ??= require('node:module').createRequire(file);
    return searching(name);
  };
}

/** V8 refuses what was compiled under other flags. */
function flags() {
  const text = [...process.execArgv, process.env.NODE_OPTIONS ?? ''].join(' ').trim();
  return text === '' ? '' : `-${text.replace(/\W+/g, '_').slice(0, 100)}`;
}

function read(cache) {
  try {
    return isPrivate(fs.lstatSync(cache), process.geteuid()) ? fs.readFileSync(cache) : undefined;
  } catch {
    return undefined;
  }
}

/** A cache that cannot be written costs the next run some milliseconds and nothing else. */
function write(cache, script) {
  const directory = path.dirname(cache);
  const temporary = `${cache}.${process.pid}`;
  try {
    fs.writeFileSync(temporary, script.createCachedData(), { mode: 0o600, flag: 'wx' });
    fs.renameSync(temporary, cache);
    removeUnused(directory);
  } catch {
    fs.rmSync(temporary, { force: true });
  }
}

/**
 * Those that nobody has read for a month. Not all but the newest: two projects with an rcx each would take turns in removing
 * the other's.
 */
function removeUnused(directory) {
  for (const name of fs.readdirSync(directory)) {
    const file = path.join(directory, name);
    if (fs.statSync(file).atimeMs < Date.now() - MONTH_MS) fs.rmSync(file, { force: true });
  }
}

module.exports = { cacheDirectory, run };
