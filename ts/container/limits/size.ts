const UNITS: Record<string, number> = { b: 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4 };

/** What sizes are written as, for whoever wrote something else. */
export const SIZES = 'give bytes, or a number with b, k, m or g';

/** Bytes of a size in Docker's form: `512m`, `1.5g`, `1000000`; `undefined` for what is none. */
export function parseSize(text: string): number | undefined {
  const match = /^([0-9]+(?:\.[0-9]+)?)\s*([bkmgt])?(?:i?b)?$/i.exec(text);
  const bytes = Math.floor(Number(match?.[1]) * (UNITS[(match?.[2] ?? 'b').toLowerCase()] ?? 1));
  return match === null || !Number.isSafeInteger(bytes) ? undefined : bytes;
}
