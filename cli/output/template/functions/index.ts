import { isTrue } from '../values.ts';
import type { FunctionTable, TemplateFunction } from './call.ts';
import { COLLECTION_FUNCTIONS } from './collections.ts';
import { COMPARISONS } from './compare.ts';
import { TEXT_FUNCTIONS } from './text.ts';

/** The last argument is the result when none before it was. */
const choice = (stopsAt: boolean): TemplateFunction => ({
  parameters: ['any'],
  rest: 'any',
  stopsAt,
  body: (...args) => args.at(-1),
});

/** Everything that templates can call: Go's functions without those for HTML, JavaScript and URLs, and Docker's. */
export const FUNCTIONS: FunctionTable = new Map(
  Object.entries({
    and: choice(false),
    or: choice(true),
    not: { parameters: ['any'], body: (value) => !isTrue(value) } satisfies TemplateFunction,
    ...COMPARISONS,
    ...COLLECTION_FUNCTIONS,
    ...TEXT_FUNCTIONS,
  }),
);

const CHANGING = ['json', 'split', 'join', 'title', 'lower', 'upper', 'truncate', 'index', 'slice'];
const unchanged: TemplateFunction = { parameters: ['any'], rest: 'any', body: (first) => first };

/**
 * The functions for the header of a table, which is made by the template of its rows: what changes a value leaves the name of
 * its column alone. Docker does not spare `index` and `slice`, and prints a number for `index (split .Image ":") 0`.
 */
export const HEADER_FUNCTIONS: FunctionTable = new Map([
  ...FUNCTIONS,
  ...CHANGING.map((name): [string, TemplateFunction] => [name, unchanged]),
]);
