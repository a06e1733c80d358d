#!/bin/sh
':' //; exec node -- "$0" "$@"
// A shell reads the line above as a command, Node as a string and a comment. Without the -- Node 20 takes an --env-file that is
// meant for a container as its own.
// Says what is wrong before anything is loaded that an old Node cannot parse. CommonJS (see package.json beside it), because
// Node's loader of ES modules costs every command several milliseconds.
const fs = require('node:fs');
const path = require('node:path');

const version = process.versions.node.split('.').map(Number);
const isAtLeast = (major, minor) => version[0] > major || (version[0] === major && version[1] >= minor);

let problem;
if (process.platform !== 'linux') {
  problem = `${process.platform} is not supported: containers need a Linux kernel; run rcx on Linux or in a Linux VM`;
} else if (process.arch !== 'x64' && process.arch !== 'arm64') {
  problem = `processor ${process.arch} is not supported: rcx is made for x64 and arm64`;
} else if (!isAtLeast(20, 17)) {
  problem = `Node ${process.versions.node} is not supported: install Node 20.17 or newer`;
}

function fail(text) {
  console.error(text);
  process.exitCode = 125;
}

/** Some commands have a file of their own, which is read in a fraction of the time. */
function bundle(command) {
  const dist = path.join(__dirname, '../dist');
  const alone = path.join(dist, `commands/${command}.cjs`);
  return /^[a-z]+$/.test(command ?? '') && fs.existsSync(alone) ? alone : path.join(dist, 'main.cjs');
}

function start() {
  const { cacheDirectory, run } = require('./compiled.js');
  const main = bundle(process.argv[2]);
  const cache = cacheDirectory();
  try {
    if (cache === undefined) require(main);
    else if (isAtLeast(22, 8)) {
      // Not asked for where it is of no use: it takes a millisecond to load.
      require('node:module').enableCompileCache(cache);
      require(main);
    } else run(main, cache);
  } catch (error) {
    const unbuilt = error && (error.code === 'MODULE_NOT_FOUND' || error.code === 'ENOENT');
    if (!unbuilt || fs.existsSync(main)) throw error;
    fail('rcx: dist/main.cjs is missing: build it with: npm run build');
  }
}

if (problem) fail(`rcx: ${problem}`);
else start();
