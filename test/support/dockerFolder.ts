import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** What a {@link DockerFolder.keychain} was called with. */
export interface HelperCall {
  arguments: string[];
  input: string;
}

/** A `DOCKER_CONFIG` of one test, with programs of its own first in `PATH`. */
export class DockerFolder {
  readonly path = mkdtempSync(join(tmpdir(), 'rcx-docker-'));
  readonly programs = join(this.path, 'bin');
  readonly file = join(this.path, 'config.json');
  readonly env = { HOME: this.path, DOCKER_CONFIG: this.path, PATH: `${this.programs}:${process.env.PATH}` };
  readonly #log = join(this.path, 'calls');

  constructor() {
    mkdirSync(this.programs);
    onTestFinished(() => rm(this.path, { recursive: true, force: true }));
  }

  configure(document: unknown): void {
    writeFileSync(this.file, typeof document === 'string' ? document : JSON.stringify(document));
  }

  /** The text of the configuration; undefined where there is none. */
  text(): string | undefined {
    return existsSync(this.file) ? readFileSync(this.file, 'utf8') : undefined;
  }

  /** Makes an executable of this name. */
  program(name: string, script: string): void {
    const path = join(this.programs, name);
    writeFileSync(path, script);
    chmodSync(path, 0o755);
  }

  /** A real credential helper, which keeps its logins in a file and a record of its calls. */
  keychain(name: string): void {
    const data = JSON.stringify(join(this.path, `keychain-${name}`));
    this.program(
      `docker-credential-${name}`,
      `#!/usr/bin/env node
const { appendFileSync, existsSync, readFileSync, writeFileSync } = require('node:fs');
const input = readFileSync(0, 'utf8');
const [action] = process.argv.slice(2);
appendFileSync(${JSON.stringify(this.#log)}, JSON.stringify({ arguments: process.argv.slice(2), input }) + '\\n');
const logins = existsSync(${data}) ? JSON.parse(readFileSync(${data}, 'utf8')) : {};
const save = () => writeFileSync(${data}, JSON.stringify(logins));
if (action === 'store') {
  const { ServerURL, Username, Secret } = JSON.parse(input);
  logins[ServerURL] = { Username, Secret };
  save();
} else if (!Object.hasOwn(logins, input)) {
  console.log('credentials not found in native keychain');
  process.exitCode = 1;
} else if (action === 'erase') {
  delete logins[input];
  save();
} else {
  console.log(JSON.stringify({ ServerURL: input, ...logins[input] }));
}
`,
    );
  }

  /** What a keychain has now. */
  kept(name: string): Record<string, { Username: string; Secret: string }> {
    return JSON.parse(readFileSync(join(this.path, `keychain-${name}`), 'utf8'));
  }

  /** All calls of keychains, in order. */
  calls(): HelperCall[] {
    const lines = existsSync(this.#log) ? readFileSync(this.#log, 'utf8').trimEnd().split('\n') : [];
    return lines.map((line) => JSON.parse(line) as HelperCall);
  }
}
