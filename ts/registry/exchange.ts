import {
  type Agent,
  type ClientRequest,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  request as requestPlain,
} from 'node:http';
import { request as requestSecure } from 'node:https';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { RcxError } from '../errors.ts';
import { toRcxError } from '../store/nativeError.ts';
import { bareAddress } from './loopback.ts';

/** Milliseconds. */
export interface Timeouts {
  connect: number;
  /** From the request, or from the last piece of what is sent with it, to the first byte of the answer. */
  headers: number;
  /** Between two pieces of the answer; a slow reader on this side does not count. */
  idle: number;
  /** For a whole manifest or token, however slowly it drips. */
  document: number;
}

/** What took longer than it may. */
export type TimeLimitName = 'connect' | 'headers' | 'idle';

/** A server was slower than one of the {@link Timeouts}. */
export class TimeLimitError extends Error {
  readonly code: `ERR_RCX_TIMEOUT_${Uppercase<TimeLimitName>}`;

  constructor(limit: TimeLimitName) {
    super(`no ${limit === 'connect' ? 'connection' : 'answer'} within the time limit`);
    this.code = `ERR_RCX_TIMEOUT_${limit.toUpperCase() as Uppercase<TimeLimitName>}`;
  }
}

/** A body that is sent in pieces. */
export interface RequestBody {
  /** Bytes. */
  length: number;
  /** Begins it; again for each attempt. */
  open(): AsyncIterable<Buffer>;
}

/** A request to one server. */
export interface Exchange {
  /** Whom the connection is made to: the server itself or a proxy. */
  server: URL;
  agent: Agent;
  method: string;
  /** What stands in the request line. */
  path: string;
  headers: OutgoingHttpHeaders;
  body: string | RequestBody | undefined;
  /** Whether the server must have a valid certificate. */
  rejectUnauthorized: boolean;
  timeouts: Pick<Timeouts, 'connect' | 'headers' | 'idle'>;
  signal: AbortSignal | undefined;
}

/** Sends a request and waits for the head of the answer. Rejects with the network's own error, or the signal's reason. */
export function exchange(wanted: Exchange): Promise<IncomingMessage> {
  const { timeouts, body, signal } = wanted;
  const request = open(wanted);
  const stop = () => request.destroy(signal?.reason);
  const ignore = () => signal?.removeEventListener('abort', stop);
  signal?.addEventListener('abort', stop, { once: true });
  return new Promise((resolve, reject) => {
    const limit = setTimeout(() => request.destroy(new TimeLimitError('headers')), timeouts.headers);
    request.on('socket', (socket) => limitConnect(socket, timeouts.connect));
    // Stays on: an answer that nobody reads any more may still fail, which must not end the process.
    request.on('error', (error) => {
      clearTimeout(limit);
      ignore();
      reject(error);
    });
    request.on('response', (response) => {
      clearTimeout(limit);
      ignore();
      response.on('error', () => undefined);
      limitIdle(response, timeouts.idle);
      endWith(response, signal);
      resolve(response);
    });
    send(request, body, () => limit.refresh());
  });
}

function send(request: ClientRequest, body: Exchange['body'], onPiece: () => void): void {
  if (body === undefined || typeof body === 'string') {
    request.end(body);
    return;
  }
  request.setHeader('content-length', body.length);
  const source = Readable.from(pieces(body, onPiece), { objectMode: false });
  // Not a pipeline(), which would abort the request with an error of its own.
  source.on('error', (error) => request.destroy(error));
  request.once('close', () => source.destroy());
  source.pipe(request);
}

/** Fails as the source does, not as a connection that may be tried again; and before the server waits for what is missing. */
async function* pieces(body: RequestBody, onPiece: () => void): AsyncGenerator<Buffer> {
  let length = 0;
  try {
    for await (const piece of body.open()) {
      length += piece.byteLength;
      onPiece();
      yield piece;
    }
  } catch (error) {
    throw toRcxError(error, 'ERR_RCX_STORE');
  }
  if (length === body.length) return;
  throw new RcxError(`send ${body.length} bytes: there are ${length}`, { code: 'ERR_RCX_SIZE_MISMATCH', step: 'send' });
}

function open({ server, agent, method, path, headers, rejectUnauthorized }: Exchange): ClientRequest {
  const where = { host: bareAddress(server.hostname), ...(server.port !== '' && { port: server.port }) };
  const options = { ...where, agent, method, path, headers };
  return server.protocol === 'https:' ? requestSecure({ ...options, rejectUnauthorized }) : requestPlain(options);
}

/** Whoever reads the answer learns why it was ended: the request could say only that the connection is gone. */
function endWith(response: IncomingMessage, signal: AbortSignal | undefined): void {
  const stop = () => response.destroy(signal?.reason);
  signal?.addEventListener('abort', stop, { once: true });
  response.once('close', () => signal?.removeEventListener('abort', stop));
}

/** A connection that was open before, or was made by a proxy, is none to wait for. */
function limitConnect(socket: Socket, milliseconds: number): void {
  if (!socket.connecting) return;
  const limit = setTimeout(() => socket.destroy(new TimeLimitError('connect')), milliseconds);
  const stop = () => clearTimeout(limit);
  socket.once('encrypted' in socket ? 'secureConnect' : 'connect', stop).once('close', stop);
}

/**
 * Ends an answer in which nothing comes for too long. It is looked at twice in that time: a reader that has just taken the last
 * of what was there has not waited for more yet.
 */
function limitIdle(response: IncomingMessage, milliseconds: number): void {
  const { socket } = response;
  let received = socket.bytesRead;
  const look = () => {
    // What is there has not been read: it is this side that is slow.
    const isWaiting = response.readableLength === 0 && socket.bytesRead === received;
    if (isWaiting) return response.destroy(new TimeLimitError('idle'));
    received = response.readableLength === 0 ? socket.bytesRead : -1;
    return socket.setTimeout(milliseconds / 2);
  };
  socket.setTimeout(milliseconds / 2).on('timeout', look);
  response.once('close', () => socket.setTimeout(0).off('timeout', look));
}
