import { RcxError } from '../../ts/errors.ts';
import { printable } from './errors.ts';
import { formatJson } from './json.ts';

/** Turns a value into the text that a template asks for. */
export type Template = (value: unknown) => string;

/** `json`, `index`, a path, and a key that may hold dots. */
const ACTION = /^(json\s+)?(?:(\.[\w.]*)|\(?index\s+(\.[\w.]*)\s+"([^"]*)"\)?)$/;

/**
 * The part of Go's templates that `docker inspect -f` is used with: `{{.State.Pid}}`, `{{json .Mounts}}` and
 * `{{index .Config.Labels "a.b"}}`; what is neither text nor number is printed as JSON.
 * @throws ERR_RCX_TEMPLATE for anything else, and when it is used, for names that do not exist
 */
export function parseTemplate(text: string): Template {
  if (text === 'json') return (value) => formatJson(value, 0);
  const parts = text.split(/\{\{(.*?)\}\}/s).map((part, index) => (index % 2 === 0 ? () => part : action(part.trim())));
  if (/\{\{|\}\}/.test(text.replace(/\{\{.*?\}\}/gs, ''))) throw invalid(text, 'a {{ without its }}');
  return (value) => parts.map((part) => part(value)).join('');
}

function action(text: string): Template {
  const [whole, json, path, indexed, key] = ACTION.exec(text) ?? [];
  if (whole === undefined) throw invalid(text, 'not known here');
  const names = (path ?? indexed ?? '').split('.').filter((name) => name !== '');
  const keys = key === undefined ? names : [...names, key];
  return (value) => {
    const found = keys.reduce((at, name) => member(at, name, text), value);
    const asText = json === undefined && (typeof found === 'string' || typeof found === 'number');
    return asText ? printable(String(found)) : formatJson(found, 0);
  };
}

function member(value: unknown, name: string, text: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) {
    throw invalid(text, `there is no ${JSON.stringify(name)}`);
  }
  return (value as Record<string, unknown>)[name];
}

function invalid(text: string, why: string): RcxError {
  return new RcxError(`read --format: {{${printable(text)}}}: ${printable(why)}`, {
    code: 'ERR_RCX_TEMPLATE',
    step: 'read --format',
    path: text,
    hint: 'write it as {{.Name}}, {{json .Name}} or {{index .Name "key"}}; leave --format out to see all names',
  });
}
