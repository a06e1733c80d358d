import type { RunProgress } from '../../ts/container/foreground.ts';
import type { LayerEvent, PullEvent } from '../../ts/image/events.ts';
import type { PushEvent } from '../../ts/image/pushEvents.ts';
import { formatSize } from './format.ts';
import { shortId } from './ids.ts';
import { LiveLines } from './liveLines.ts';

/** A layer's line; one that is finished does not change any more. */
interface Line {
  key: string;
  text: string;
  /** How far it is, for a terminal only. */
  bar?: string;
  isFinished: boolean;
}

type Display = { show(line: Line): void; finish(): void };

/** A line per layer that changes in place on a terminal, a plain line per finished step otherwise, nothing when quiet. */
export function pullProgress(quiet: boolean): RunProgress {
  if (quiet) return { finish: () => undefined };
  const onMissing = (reference: string) =>
    process.stderr.write(`Unable to find image '${reference}' locally; pulling it\n`);
  const { show, finish } = display();
  const onEvent = (event: PullEvent) => {
    if (event.type === 'layer') show(pullLine(event));
    else
      for (const { digest, size } of event.layers)
        show(pullLine({ type: 'layer', digest, status: 'waiting', total: size }));
  };
  return { onMissing, onEvent, finish };
}

/** The same for a push. */
export function pushProgress(quiet: boolean): { onEvent(event: PushEvent): void; finish(): void } {
  if (quiet) return { onEvent: () => undefined, finish: () => undefined };
  const { show, finish } = display();
  return { onEvent: (event) => show(pushLine(event)), finish };
}

/** Asking what stderr is makes Node load its streams: not before there is something to show. */
function display(): Display {
  let made: Display | undefined;
  return {
    show: (line) => {
      made ??= process.stderr.isTTY ? live() : plain();
      made.show(line);
    },
    finish: () => made?.finish(),
  };
}

function live(): Display {
  const lines = new LiveLines(process.stderr);
  return {
    show: ({ key, text, bar, isFinished }) => lines.set(key, bar === undefined ? text : `${text} ${bar}`, isFinished),
    finish: () => lines.finish(),
  };
}

function plain(): Display {
  const said = new Map<string, string>();
  return {
    show: ({ key, text }) => {
      if (said.get(key) === text) return;
      said.set(key, text);
      process.stderr.write(`${text}\n`);
    },
    finish: () => undefined,
  };
}

const PULL_WORDS: Record<LayerEvent['status'], string> = {
  waiting: 'Waiting',
  downloading: 'Downloading',
  extracting: 'Extracting',
  exists: 'Already exists',
  complete: 'Pull complete',
};

function pullLine({ digest, status, current, total }: LayerEvent): Line {
  const isFinished = status === 'exists' || status === 'complete';
  const text = `${shortId(digest)}: ${PULL_WORDS[status]}`;
  return { key: digest, text, isFinished, ...(current !== undefined && { bar: bar(current, total ?? 0) }) };
}

const PUSH_WORDS: Record<PushEvent['status'], string> = {
  preparing: 'Preparing',
  compressing: 'Compressing',
  pushing: 'Pushing',
  pushed: 'Pushed',
  mounted: 'Mounted from',
  exists: 'Layer already exists',
  skipped: 'Skipped foreign layer',
};

function pushLine({ diffId, status, current, total, from }: PushEvent): Line {
  const isFinished = status === 'pushed' || status === 'mounted' || status === 'exists' || status === 'skipped';
  const text = `${shortId(diffId)}: ${PUSH_WORDS[status]}${from === undefined ? '' : ` ${from}`}`;
  return { key: diffId, text, isFinished, ...(current !== undefined && { bar: bar(current, total ?? 0) }) };
}

const WIDTH = 30;

function bar(current: number, total: number): string {
  const filled = total > 0 ? Math.min(WIDTH, Math.floor((current / total) * WIDTH)) : 0;
  return `[${'='.repeat(filled)}${' '.repeat(WIDTH - filled)}] ${formatSize(current)}/${formatSize(total)}`;
}
