// A build step runs only when the content of what it reads has changed since it last ran to its end.
import { createHash } from 'node:crypto';
import { fs, globby } from 'zx';

/**
 * @param {object} step
 * @param {string} step.stamp the file that remembers what was built
 * @param {string[]} step.inputs glob patterns of everything the result depends on
 * @param {string} [step.variant] anything else it depends on: a mode, a compiler's version
 * @param {string[]} step.outputs files without which it runs in any case
 * @param {boolean} [step.force]
 * @param {() => Promise<void>} step.run
 * @returns {Promise<boolean>} whether it ran
 */
export async function whenChanged({ stamp, inputs, variant = '', outputs, force = false, run }) {
  const wanted = await contentHash(inputs, variant);
  if (!force && outputs.every((file) => fs.existsSync(file)) && (await readStamp(stamp)) === wanted) return false;
  await fs.remove(stamp);
  await run();
  await fs.outputFile(stamp, `${wanted}\n`);
  return true;
}

async function readStamp(stamp) {
  return (await fs.pathExists(stamp)) ? (await fs.readFile(stamp, 'utf8')).trim() : undefined;
}

async function contentHash(patterns, variant) {
  const hash = createHash('sha256').update(variant);
  for (const file of (await globby(patterns, { dot: true })).sort()) {
    const content = createHash('sha256')
      .update(await fs.readFile(file))
      .digest('hex');
    hash.update(`\0${file}\0${content}`);
  }
  return hash.digest('hex');
}
