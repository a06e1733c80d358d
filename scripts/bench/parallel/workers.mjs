/**
 * Has something done `total` times, `atOnce` at a time.
 * @param {() => Promise<unknown>} once
 * @returns {Promise<{ samples: number[], wall: number }>} nanoseconds: of each, and of all
 */
export async function parallel(once, { atOnce, total }) {
  const samples = [];
  let begun = 0;
  const worker = async () => {
    while (begun < total) {
      begun++;
      const begin = process.hrtime.bigint();
      await once();
      samples.push(Number(process.hrtime.bigint() - begin));
    }
  };
  const begin = process.hrtime.bigint();
  await Promise.all(Array.from({ length: atOnce }, worker));
  return { samples, wall: Number(process.hrtime.bigint() - begin) };
}
