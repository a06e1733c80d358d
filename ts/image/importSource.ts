import { createReadStream } from 'node:fs';
import { loadConfig } from '../config/config.ts';
import { RcxError } from '../errors.ts';
import { plain } from '../oci/quote.ts';
import { isInsecure } from '../registry/endpoint.ts';
import { DEFAULT_TIMEOUTS, Transport } from '../registry/transport.ts';
import { toRcxError } from '../store/nativeError.ts';

/**
 * What `import` reads: a file, `-` for stdin, or an http or https URL.
 * @throws ERR_RCX_IMPORT_SOURCE when it cannot be read
 */
export async function* openSource(text: string, env: NodeJS.ProcessEnv = process.env): AsyncGenerator<Buffer> {
  try {
    if (text === '-') yield* process.stdin as AsyncIterable<Buffer>;
    else if (/^https?:\/\//i.test(text)) yield* download(new URL(text), env);
    else yield* createReadStream(text, { highWaterMark: 1024 * 1024 }) as AsyncIterable<Buffer>;
  } catch (cause) {
    if (cause instanceof RcxError) throw cause;
    const { errno, message } = toRcxError(cause, 'ERR_RCX_IMPORT_SOURCE');
    throw unreadable(text, message, errno);
  }
}

async function* download(url: URL, env: NodeJS.ProcessEnv): AsyncGenerator<Buffer> {
  const config = loadConfig(env);
  const transport = new Transport(env, DEFAULT_TIMEOUTS, (each) => isInsecure(each, config));
  try {
    const { status, body } = await transport.request(url, {});
    if (status !== 200) throw unreadable(url.href, `the server answered HTTP ${status}`, undefined);
    yield* body as AsyncIterable<Buffer>;
  } finally {
    transport.close();
  }
}

function unreadable(text: string, why: string, errno: string | undefined): RcxError {
  return new RcxError(`import: ${plain(text)}: ${plain(why)}`, {
    code: 'ERR_RCX_IMPORT_SOURCE',
    step: 'import',
    path: text,
    errno,
    hint: 'give a file, an http or https URL, or - for stdin',
  });
}
