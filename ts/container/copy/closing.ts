/** Runs `body`, then closes. */
export async function closing<T>(opened: { close(): void }, body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } finally {
    opened.close();
  }
}
