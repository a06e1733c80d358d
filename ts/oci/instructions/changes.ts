import { plain, quote } from '../quote.ts';
import type { ExecutionConfig } from '../types.ts';
import { cmd, entrypoint } from './command.ts';
import { expose } from './expose.ts';
import { healthcheck } from './healthcheck.ts';
import { type Apply, type ConfigState, failure, type Instruction, readInstruction } from './instruction.ts';
import { logicalLines } from './lines.ts';
import { onbuild } from './onbuild.ts';
import { env, label } from './pairs.ts';
import { stopSignal } from './stopSignal.ts';
import { user } from './user.ts';
import { volume } from './volume.ts';
import { workdir } from './workdir.ts';

const APPLY: ReadonlyMap<string, Apply> = new Map([
  ['CMD', cmd],
  ['ENTRYPOINT', entrypoint],
  ['ENV', env],
  ['EXPOSE', expose],
  ['HEALTHCHECK', healthcheck],
  ['LABEL', label],
  ['ONBUILD', onbuild],
  ['STOPSIGNAL', stopSignal],
  ['USER', user],
  ['VOLUME', volume],
  ['WORKDIR', workdir],
]);

/**
 * The config that `docker commit --change` and `docker import --change` make of `config`, which stays as it is; what no
 * change touches is shared with it.
 *
 * As with Docker (moby's `BuildFromConfig`) all changes together are one text of Dockerfile instructions: one change may
 * hold several on lines of their own, comments, and lines continued with a backslash. The instructions are those of
 * https://docs.docker.com/reference/dockerfile/ that change nothing but the config, in any case. Variables are expanded
 * from `Env` in ENV, LABEL, EXPOSE, USER, VOLUME, WORKDIR and STOPSIGNAL.
 *
 * Stricter than Docker: CMD without anything, USER, EXPOSE and names that expand to nothing, an ENV name with `=`, port 0
 * and ports of the host in EXPOSE, signal numbers that Linux does not have, options where there are none, durations that
 * JSON cannot hold, NUL characters, `# escape=`, here-documents in ONBUILD, and patterns in variables (`${A#b}`) are
 * errors.
 *
 * What `docker commit` does after that, filling what is still empty from the container's config, is not done here.
 *
 * @throws ERR_RCX_INVALID_CHANGE
 */
export function applyChanges(config: ExecutionConfig, changes: readonly string[]): ExecutionConfig {
  if (changes.length === 0) return config;
  const text = changes.join('\n');
  const fail = failure(text, '');
  if (text.includes('\0')) throw fail('it contains a NUL character', 'leave it out.');
  if (/^\ufeff?\s*#\s*escape\s*=\s*[^\\\s]/i.test(text)) {
    throw fail('another escape character is not supported', 'escape with a backslash.');
  }
  const instructions = logicalLines(text).map(readInstruction);
  if (instructions.length === 0) throw fail('there is no instruction in it');
  return instructions.reduce(applyInstruction, { config, cmdSet: false }).config;
}

/**
 * The state after one instruction.
 * @throws ERR_RCX_INVALID_CHANGE for any instruction that does more than change the config, RUN or COPY
 */
export function applyInstruction(state: ConfigState, instruction: Instruction): ConfigState {
  const { keyword, flags, rest, fail } = instruction;
  const apply = APPLY.get(keyword);
  if (apply === undefined) throw fail(`${plain(keyword, 40)} is not a valid change command`);
  const [flag] = flags;
  if (flag !== undefined && keyword !== 'HEALTHCHECK') {
    throw fail(`it has no option ${quote(flag)}`, 'write -- in front of text that begins with two hyphens.');
  }
  // ENTRYPOINT alone removes the entrypoint.
  if (rest === '' && keyword !== 'ENTRYPOINT') throw fail('it needs an argument');
  const config = apply(state, instruction);
  return { config, cmdSet: state.cmdSet || (keyword === 'CMD' && (config.Cmd ?? []).length > 0) };
}
