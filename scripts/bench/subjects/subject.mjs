import { Scope } from '../scope.mjs';

/**
 * @typedef {object} Bench what a run gives its subjects
 * @property {{ reference: string, rootfs: string }} image
 * @property {string} disk a directory on the filesystem all subjects keep their stores on
 * @property {string} dir a directory for sockets, pid files and logs
 * @property {string} root the root of the project
 * @property {string} [stopwatch] spawn.c, compiled
 *
 * @typedef {object} Subject
 * @property {string} name
 * @property {() => string | undefined} available the reason why it cannot take part
 * @property {() => Promise<void>} setup
 * @property {() => Promise<number>} run one measurement, in nanoseconds
 * @property {() => Promise<void>} teardown undoes what set-up did, however far it came
 */

/**
 * @param {object} definition
 * @param {string} definition.name
 * @param {(bench: Bench) => string | undefined} definition.available
 * @param {(scope: Scope, bench: Bench) => Promise<() => Promise<number>>} definition.setup resolves to the measured function
 * @returns {(bench: Bench) => Subject}
 */
export function defineSubject({ name, available, setup }) {
  return (bench) => {
    const scope = new Scope();
    let measure;
    return {
      name,
      available: () => available(bench),
      async setup() {
        measure = await setup(scope, bench);
      },
      run: (...words) => measure(...words),
      teardown: () => scope.close(),
    };
  };
}
