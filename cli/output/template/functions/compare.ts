import { Fault } from '../errors.ts';
import { compareText, isNil, isText, Real, raw, typeName } from '../values.ts';
import type { TemplateFunction } from './call.ts';

/** Text, number or boolean as JavaScript compares it; undefined for anything else. */
function basic(value: unknown): string | number | boolean | undefined {
  if (isText(value)) return raw(value);
  if (value instanceof Real) return value.value;
  return typeof value === 'number' || typeof value === 'boolean' ? value : undefined;
}

function refuseOtherTypes(a: unknown, b: unknown): void {
  if (typeName(a) === typeName(b)) return;
  throw new Fault(`${typeName(a)} and ${typeName(b)} cannot be compared`);
}

function isEqual(a: unknown, b: unknown): boolean {
  if (isNil(a) || isNil(b)) return isNil(a) && isNil(b);
  refuseOtherTypes(a, b);
  const value = basic(a);
  if (value === undefined) throw new Fault(`values of type ${typeName(a)} cannot be compared`);
  return value === basic(b);
}

/** Negative, 0 or positive, as for sorting. */
function order(a: unknown, b: unknown): number {
  refuseOtherTypes(a, b);
  if (isText(a) && isText(b)) return compareText(raw(a), raw(b));
  const [left, right] = [basic(a), basic(b)];
  if (typeof left === 'number' && typeof right === 'number') return left - right;
  throw new Fault(`values of type ${typeName(a)} are neither less nor greater`);
}

function comparison(isTrueOf: (a: unknown, b: unknown) => boolean): TemplateFunction {
  return { parameters: ['any', 'any'], body: isTrueOf };
}

/** Comparisons of Go's templates; `eq` compares its first argument with each of the others. */
export const COMPARISONS: Record<string, TemplateFunction> = {
  eq: {
    parameters: ['any', 'any'],
    rest: 'any',
    body: (first, ...others) => others.some((other) => isEqual(first, other)),
  },
  ne: comparison((a, b) => !isEqual(a, b)),
  lt: comparison((a, b) => order(a, b) < 0),
  le: comparison((a, b) => order(a, b) <= 0),
  gt: comparison((a, b) => order(a, b) > 0),
  ge: comparison((a, b) => order(a, b) >= 0),
};
