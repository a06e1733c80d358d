import { Fault } from '../errors.ts';
import { isInteger, isList, isMethod, isNil, isObject, isText, mapText, raw, typeName } from '../values.ts';
import type { TemplateFunction } from './call.ts';

/** Go counts the bytes of a string, not its characters. */
const bytes = (text: string) => Buffer.from(text);

function length(value: unknown): number {
  // Go's nil list is null in JSON.
  if (value === null || isList(value)) return value?.length ?? 0;
  if (isText(value)) return bytes(raw(value)).length;
  if (isObject(value)) return Object.keys(value).length;
  throw new Fault(`a value of type ${typeName(value)} has no length`);
}

function element(value: unknown, index: unknown): unknown {
  if (isNil(value)) throw new Fault('index of nil');
  if (isList(value)) return value[position(index, value.length - 1)];
  if (isText(value)) return bytes(raw(value))[position(index, bytes(raw(value)).length - 1)];
  if (!isObject(value)) throw new Fault(`a value of type ${typeName(value)} has no elements`);
  if (!isText(index)) throw new Fault(`the index of a map must be of type string, not ${typeName(index)}`);
  const key = raw(index);
  if (Object.hasOwn(value, key) && !isMethod(value[key])) return value[key];
  return zeroOf(Object.values(value));
}

function position(index: unknown, last: number): number {
  if (!isInteger(index)) throw new Fault(`the index of a list must be of type int, not ${typeName(index)}`);
  if (index < 0 || index > last) throw new Fault(`index out of range: ${index}`);
  return index;
}

/** What Go has in a map for a key that is not in it: the zero of its type, of which the other elements tell. */
function zeroOf(elements: readonly unknown[]): unknown {
  const like = elements.find((each) => !isNil(each));
  if (like === undefined || isText(like)) return '';
  if (isList(like)) return [];
  if (typeof like === 'boolean') return false;
  return typeof like === 'number' ? 0 : null;
}

function slice(value: unknown, ...indexes: number[]): unknown {
  if (!isText(value) && !isList(value)) throw new Fault(`a value of type ${typeName(value)} cannot be sliced`);
  if (indexes.length > (isText(value) ? 2 : 3)) throw new Fault('slice has too many indexes');
  const size = length(value);
  const [from = 0, to = size, most = size] = indexes.map((index) => position(index, size));
  if (from > to || to > most) throw new Fault(`slice goes from ${from} to ${to}`);
  if (isList(value)) return value.slice(from, to);
  return mapText(value, (text) => bytes(text).subarray(from, to).toString());
}

export const COLLECTION_FUNCTIONS: Record<string, TemplateFunction> = {
  len: { parameters: ['any'], body: length },
  index: {
    parameters: ['any'],
    rest: 'any',
    body: (value, ...indexes) => {
      if (isNil(value)) throw new Fault('index of nil');
      return indexes.reduce(element, value);
    },
  },
  slice: { parameters: ['any'], rest: 'int', body: slice },
};
