import { describe, expect, it } from 'vitest';
import { applyChanges } from '../../../../ts/oci/instructions/changes.ts';

const onbuild = (...changes: string[]) =>
  applyChanges({ Env: ['A=1'], OnBuild: ['RUN old'] }, changes).OnBuild?.slice(1);

describe('ONBUILD', () => {
  it.each([
    ['ONBUILD RUN make  "$A" ', 'RUN make  "$A"'],
    ['onbuild run make', 'run make'],
    ['ONBUILD COPY . /src', 'COPY . /src'],
    ['ONBUILD RUN make \\\n  install', 'RUN make   install'],
    ['ONBUILD RUN --mount=type=cache,target=/c make', 'RUN --mount=type=cache,target=/c make'],
    ['ONBUILD ENV a=$A', 'ENV a=$A'],
    ['ONBUILD LABEL a the label', 'LABEL a the label'],
    ['ONBUILD CMD ["a"]', 'CMD ["a"]'],
    ['ONBUILD RUN echo $((1<<2)) "<<EOF"', 'RUN echo $((1<<2)) "<<EOF"'],
    ['ONBUILD CMD cat <<EOF', 'CMD cat <<EOF'],
  ])('%s', (change, trigger) => expect(onbuild(change)).toEqual([trigger]));

  it('adds one behind the other', () => {
    expect(onbuild('ONBUILD USER a', 'ONBUILD USER b')).toEqual(['USER a', 'USER b']);
  });

  it.each([
    ['ONBUILD', 'it needs an argument'],
    ['ONBUILD ONBUILD RUN x', 'ONBUILD cannot be a trigger'],
    ['ONBUILD onbuild run x', 'ONBUILD cannot be a trigger'],
    ['ONBUILD FROM x', 'FROM cannot be a trigger'],
    ['ONBUILD Maintainer x', 'MAINTAINER cannot be a trigger'],
    ['ONBUILD ENV a', '"a" has no value'],
    ['ONBUILD LABEL a=1 b', '"b" has no "="'],
    ['ONBUILD RUN [1]', 'its list may hold strings only'],
    ['ONBUILD RUN cat <<EOF\nEOF', 'here-documents are not supported'],
    ['ONBUILD COPY <<-"EOF" /x', 'here-documents are not supported'],
    ['ONBUILD RUN cat 3<< EOF', 'here-documents are not supported'],
    ['ONBUILD --x RUN y', 'it has no option "--x"'],
  ])('refuses %s', (change, problem) => {
    expect(() => onbuild(change)).toThrow(
      expect.objectContaining({ code: 'ERR_RCX_INVALID_CHANGE', message: expect.stringContaining(problem) }),
    );
  });
});
