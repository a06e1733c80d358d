import type { RunProgress } from '../../ts/container/foreground.ts';
import type { LayerEvent } from '../../ts/image/events.ts';
import { formatSize } from './format.ts';

/** A line per layer that changes in place on a terminal, a plain line per finished step otherwise, nothing when quiet. */
export function pullProgress(quiet: boolean): RunProgress {
  if (quiet) return { finish: () => undefined };
  const onMissing = (reference: string) =>
    process.stderr.write(`Unable to find image '${reference}' locally; pulling it\n`);
  let display: RunProgress | undefined;
  return {
    onMissing,
    onEvent: (event) => {
      // Asking what stderr is makes Node load its streams: not before there is something to show.
      display ??= process.stderr.isTTY ? liveDisplay() : plainDisplay();
      display.onEvent?.(event);
    },
    finish: () => display?.finish(),
  };
}

function plainDisplay(): RunProgress {
  const said = new Map<string, string>();
  return {
    onEvent: (event) => {
      if (event.type !== 'layer' || said.get(event.digest) === event.status) return;
      said.set(event.digest, event.status);
      if (event.status !== 'waiting') process.stderr.write(`${shortDigest(event.digest)}: ${WORDS[event.status]}\n`);
    },
    finish: () => undefined,
  };
}

const WORDS: Record<LayerEvent['status'], string> = {
  waiting: 'Waiting',
  downloading: 'Downloading',
  extracting: 'Extracting',
  exists: 'Already exists',
  complete: 'Pull complete',
};

/** Redrawn at most this often: more cannot be read, and every write costs the pull time. */
const REDRAW_MS = 80;

function liveDisplay(): RunProgress {
  const layers = new Map<string, LayerEvent>();
  let drawn = 0;
  let last = 0;
  const draw = () => {
    last = Date.now();
    const lines = [...layers.values()].map((layer) => `\u001b[2K${layerLine(layer)}`);
    process.stderr.write(`${drawn > 0 ? `\u001b[${drawn}A` : ''}${lines.join('\n')}${lines.length > 0 ? '\n' : ''}`);
    drawn = lines.length;
  };
  return {
    onEvent: (event) => {
      if (event.type === 'manifest') {
        for (const { digest, size } of event.layers)
          layers.set(digest, { type: 'layer', digest, status: 'waiting', total: size });
      } else {
        layers.set(event.digest, { ...layers.get(event.digest), ...event });
      }
      if (Date.now() - last >= REDRAW_MS) draw();
    },
    finish: () => {
      if (layers.size > 0) draw();
    },
  };
}

function layerLine({ digest, status, current = 0, total = 0 }: LayerEvent): string {
  const text = `${shortDigest(digest)}: ${WORDS[status]}`;
  if (status !== 'downloading' && status !== 'extracting') return text;
  const WIDTH = 30;
  const filled = total > 0 ? Math.min(WIDTH, Math.floor((current / total) * WIDTH)) : 0;
  return `${text} [${'='.repeat(filled)}${' '.repeat(WIDTH - filled)}] ${formatSize(current)}/${formatSize(total)}`;
}

/** Docker's twelve digits. */
export function shortDigest(digest: string): string {
  return digest.slice(digest.indexOf(':') + 1).slice(0, 12);
}
