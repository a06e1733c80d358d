import { execa } from 'execa';
import { expect, it } from 'vitest';

const BIN = new URL('../../../bin/rcx.js', import.meta.url).pathname;

/** Runs the entry file in a process that believes it is another Node or machine. */
function runAs(properties) {
  const code = Object.entries(properties).map(
    ([name, value]) => `Object.defineProperty(process, ${JSON.stringify(name)}, { value: ${JSON.stringify(value)} });`,
  );
  return execa(
    process.execPath,
    ['--import', `data:text/javascript,${encodeURIComponent(code.join(''))}`, BIN, '--version'],
    {
      reject: false,
    },
  );
}

it.each([
  [{ versions: { node: '20.16.0' } }, 'Node 20.16.0 is not supported: install Node 20.17 or newer'],
  [{ versions: { node: '18.20.4' } }, 'Node 18.20.4 is not supported: install Node 20.17 or newer'],
  [{ platform: 'darwin' }, 'darwin is not supported'],
  [{ arch: 'ia32' }, 'processor ia32 is not supported'],
])('says in one line why it does not run as %j', async (properties, message) => {
  const { exitCode, stderr, stdout } = await runAs(properties);
  expect(stderr).toMatch(new RegExp(`^rcx: ${message}[^\n]*$`));
  expect({ exitCode, stdout }).toEqual({ exitCode: 125, stdout: '' });
});
