import { removeNetwork as remove } from '../../network/remove.ts';
import type { Operation } from './io.ts';

export const removeNetwork: Operation<{ text: string; force: boolean }, void> = async (core, { text, force }) => {
  await remove(core, text, { force });
};
