import type { LogEntry } from '../../ts/container/logs/entry.ts';

const NEWLINE = 10;

/** Writes what a container has written to where it did; a reader that has seen enough ends it. */
export async function writeLog(
  entries: AsyncIterable<LogEntry>,
  { timestamps, details }: { timestamps: boolean; details: boolean },
): Promise<void> {
  const streams = { stdout: new Sink(process.stdout), stderr: new Sink(process.stderr) };
  for await (const { stream, time, bytes } of entries) {
    const sink = streams[stream];
    const before = `${timestamps ? `${time} ` : ''}${details ? ' ' : ''}`;
    if (before !== '' && sink.atLineStart) await sink.write(Buffer.from(before));
    await sink.write(bytes);
    if (sink.isClosed) return;
  }
}

class Sink {
  readonly #stream: NodeJS.WriteStream;
  atLineStart = true;
  isClosed = false;
  /** Whoever waits for the reader to take what was written. */
  #wake: (() => void) | undefined;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
    const wake = () => this.#wake?.();
    stream.on('drain', wake).on('close', wake);
    stream.on('error', (error: NodeJS.ErrnoException) => {
      this.isClosed = true;
      wake();
      if (error.code !== 'EPIPE') throw error;
    });
  }

  async write(bytes: Buffer): Promise<void> {
    this.atLineStart = bytes.at(-1) === NEWLINE;
    if (this.#stream.write(bytes) || this.isClosed) return;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
  }
}
