#!/usr/bin/env node
// Says what is wrong before anything is loaded that an old Node cannot parse: no syntax in this file is newer than import().
const version = process.versions.node.split('.').map(Number);
const supported = version[0] > 20 || (version[0] === 20 && version[1] >= 17);

let problem;
if (process.platform !== 'linux') {
  problem = `${process.platform} is not supported: containers need a Linux kernel; run rcx on Linux or in a Linux VM`;
} else if (process.arch !== 'x64' && process.arch !== 'arm64') {
  problem = `processor ${process.arch} is not supported: rcx is made for x64 and arm64`;
} else if (!supported) {
  problem = `Node ${process.versions.node} is not supported: install Node 20.17 or newer`;
}

function start() {
  const nodeModule = process.getBuiltinModule('node:module');
  if (nodeModule.enableCompileCache) nodeModule.enableCompileCache();
  return import('../dist/main.js');
}

function fail(text) {
  console.error(text);
  process.exitCode = 125;
}

if (problem) {
  fail(`rcx: ${problem}`);
} else {
  start().catch((error) => {
    const unbuilt = error && error.code === 'ERR_MODULE_NOT_FOUND' && /dist.main\.js/.test(error.message);
    fail(unbuilt ? 'rcx: dist/main.js is missing: build it with: npm run build' : error);
  });
}
