// An integration test with a real database, which is there for this test alone: node --test examples/database.test.mjs
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { spawn } from 'rcx';

const image = process.env.REDIS_IMAGE ?? 'redis:7';

let sockets;
let database;
before(async () => {
  // By a socket in a shared directory it needs no network, and no port that somebody else may have.
  sockets = await mkdtemp(join(tmpdir(), 'redis-'));
  database = spawn(image, ['redis-server', '--port', '0', '--unixsocket', '/sockets/redis', '--save', ''], {
    network: 'none',
    mounts: [{ source: sockets, target: '/sockets' }],
    memory: '256m',
    stdout: 'ignore',
    stderr: 'inherit',
  });
  await database.started;
  await answers();
});
after(async () => {
  // Whatever the tests did: it is killed, and nothing of it is left.
  await database[Symbol.asyncDispose]();
  await rm(sockets, { recursive: true });
});

/** Waits until it accepts connections; a database that has ended says why. */
async function answers() {
  const end = database.wait().then(({ exitCode }) => {
    throw new Error(`the database ended with ${exitCode}`);
  });
  end.catch(() => undefined);
  const connected = async () => {
    while ((await ask('PING').catch(() => undefined)) !== '+PONG') await sleep(10);
  };
  await Promise.race([connected(), end]);
}

/** One command, and the first line of the answer. */
async function ask(command) {
  const socket = connect(join(sockets, 'redis'));
  try {
    socket.write(`${command}\r\n`);
    for await (const answer of socket) return String(answer).trim();
  } finally {
    socket.destroy();
  }
}

test('what is stored is found again', async () => {
  assert.equal(await ask('SET greeting hello'), '+OK');
  assert.equal(await ask('GET greeting'), '$5\r\nhello');
});

test('the database can be looked into', async () => {
  const { stdout } = await database.exec(['redis-cli', '-s', '/sockets/redis', 'DBSIZE']);
  assert.match(stdout, /1/);
});
