import { request } from 'node:http';
import { interrupted } from '../interrupt.mjs';

const VERSION = 'v1.41';

/** One request to the Docker Engine API over a kept-alive connection; what it answers if that is JSON. */
export function call({ agent, socketPath }, method, path, body) {
  return new Promise((resolve, reject) => {
    const headers = { 'Content-Type': 'application/json' };
    const options = { agent, socketPath, method, path: `/${VERSION}${path}`, headers, signal: interrupted };
    const sent = request(options, async (response) => {
      const text = (await response.setEncoding('utf8').toArray()).join('');
      const isJson = response.headers['content-type'] === 'application/json' && text !== '';
      if (response.statusCode < 300) resolve(isJson ? JSON.parse(text) : undefined);
      else reject(new Error(`${method} ${path}: ${response.statusCode}: ${text.trim()}`));
    });
    sent.once('error', reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
