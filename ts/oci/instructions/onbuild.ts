import { execForm } from './execForm.ts';
import { type Apply, type Failure, readInstruction } from './instruction.ts';
import { writtenPairs } from './pairs.ts';
import { quotedWords } from './quotedWords.ts';

const REFUSED = ['ONBUILD', 'FROM', 'MAINTAINER'];
const PAIRS = ['ENV', 'LABEL'];
const LISTS = ['RUN', 'CMD', 'ENTRYPOINT', 'SHELL', 'VOLUME', 'ADD', 'COPY'];
const HEREDOCS = ['RUN', 'ADD', 'COPY'];
const HEREDOC = /^[0-9]*<<-?[^<]*$/;

/** `ONBUILD instruction`, kept as it is written: variables in it are those of the build that starts from the image. */
export const onbuild: Apply = ({ config }, { rest, fail }) => {
  checkTrigger(rest, fail);
  return { ...config, OnBuild: [...(config.OnBuild ?? []), rest] };
};

/** Finds what no build could read, as Docker does, long before somebody builds from the image. */
function checkTrigger(trigger: string, fail: Failure): void {
  const instruction = { ...readInstruction(trigger), fail };
  const { keyword, rest } = instruction;
  if (REFUSED.includes(keyword)) throw fail(`${keyword} cannot be a trigger`);
  if (PAIRS.includes(keyword) && rest !== '') writtenPairs(instruction);
  if (LISTS.includes(keyword)) execForm(rest, instruction);
  if (HEREDOCS.includes(keyword) && quotedWords(rest).some((word) => HEREDOC.test(word))) {
    // The lines that follow it would be read as changes.
    throw fail('here-documents are not supported', 'write the commands on one line, with && between them.');
  }
}
