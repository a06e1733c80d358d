import { describe, expect, it } from 'vitest';
import { land, type Target } from '../../../../ts/container/copy/target.ts';

const directory = (name: string) => ({ name, isDirectory: true });
const file = (name: string) => ({ name, isDirectory: false });
const at = (path: string, kind: Target['kind']): Target => ({ path, kind });

describe('docker’s rules for what a copy becomes', () => {
  it.each([
    ['a file goes into a directory', file('f'), at('/d', 'directory'), { directory: '/d', name: 'f' }],
    ['a directory goes into a directory', directory('s'), at('/d', 'directory'), { directory: '/d', name: 's' }],
    ['its content does', directory('.'), at('/d', 'directory'), { directory: '/d', name: undefined }],
    ['the root’s content does', directory('/'), at('/d', 'directory'), { directory: '/d', name: undefined }],
    ['a file replaces a file', file('f'), at('/d/g', 'other'), { directory: '/d', name: 'g' }],
    ['a file gets a new name', file('f'), at('/d/g', 'nothing'), { directory: '/d', name: 'g' }],
    ['a directory gets a new name', directory('s'), at('/d/t', 'nothing'), { directory: '/d', name: 't' }],
    ['also with a slash', directory('s'), at('/d/t/', 'nothing'), { directory: '/d', name: 't' }],
    ['so does a content', directory('.'), at('/d/t', 'nothing'), { directory: '/d', name: 't' }],
    ['in the root', file('f'), at('/g', 'nothing'), { directory: '/', name: 'g' }],
  ])('%s', (_, source, target, landing) => expect(land(source, target)).toEqual(landing));

  it.each([
    ['a directory cannot become a file', directory('s'), at('/f', 'other'), 'cp: /f: cannot copy directory'],
    ['nor can its content', directory('.'), at('/f', 'other'), 'cp: /f: cannot copy directory'],
    ['a file does not make a directory', file('f'), at('/d/', 'nothing'), 'cp: /d/: no such directory'],
    ['nor with a dot', file('f'), at('/d/.', 'nothing'), 'cp: /d/.: no such directory'],
  ])('%s', (_, source, target, message) =>
    expect(() => land(source, target)).toThrow(expect.objectContaining({ code: 'ERR_RCX_COPY', message })),
  );
});
