import { Socket } from 'node:net';
import { Readable, Writable } from 'node:stream';
import { deferred } from './deferred.ts';

/** Output of a program that may not run yet: its reader is there at once, and holds the program up where it does not read. */
export class OutputStream extends Readable {
  #source: Socket | undefined;
  #isWanted = false;
  readonly #onUnread: () => void;
  readonly #started: () => Promise<void>;

  /**
   * @param onUnread nobody is going to read it any more
   * @param started its end is none as long as the program may still fail to run: then that is what its reader has to hear
   */
  constructor(onUnread: () => void, started: () => Promise<void>) {
    super();
    [this.#onUnread, this.#started] = [onUnread, started];
  }

  /** Takes the read end of a pipe, and closes it in the end. */
  connect(fd: number): void {
    const source = new Socket({ fd, readable: true, writable: false });
    if (this.destroyed) {
      source.destroy();
      this.#onUnread();
      return;
    }
    this.#source = source;
    source.on('data', (chunk) => {
      if (!this.push(chunk)) source.pause();
    });
    source.on('end', () => {
      this.#started().then(
        () => this.push(null),
        () => undefined,
      );
    });
    source.on('error', (error) => this.destroy(error));
    if (!this.#isWanted) source.pause();
  }

  /** There is going to be nothing to read; whoever has begun to hears why. */
  fail(error: Error): void {
    if (isUsed(this)) this.destroy(error);
    else this.push(null);
  }

  override _read(): void {
    this.#isWanted = true;
    this.#source?.resume();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    const unread = this.#source !== undefined && !this.readableEnded;
    this.#source?.destroy();
    if (unread) this.#onUnread();
    done(error);
  }
}

/** Somebody listens, and would wait for ever. */
export function isUsed(stream: Readable): boolean {
  return stream.readableFlowing !== null || stream.listenerCount('readable') + stream.listenerCount('error') > 0;
}

/** Input of a program that may not run yet. What it does not want to read is no failure of whoever writes it. */
export class InputStream extends Writable {
  readonly #target = deferred<Socket | undefined>();

  /** Takes the write end of a pipe, and closes it in the end. */
  connect(fd: number): void {
    const target = new Socket({ fd, readable: false, writable: true });
    // A program that does not read it all has its reasons.
    target.on('error', () => this.destroy());
    this.#target.resolve(target);
    if (this.destroyed) target.destroy();
  }

  /** Nobody is going to read it. */
  fail(): void {
    this.#target.resolve(undefined);
    this.destroy();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    void this.#target.promise.then((target) => {
      if (target === undefined || target.destroyed) done();
      else target.write(chunk, () => done());
    });
  }

  override _final(done: (error?: Error | null) => void): void {
    void this.#target.promise.then((target) => {
      if (target === undefined || target.destroyed) done();
      else target.end(() => done());
    });
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    void this.#target.promise.then((target) => target?.destroy());
    done(error);
  }
}
