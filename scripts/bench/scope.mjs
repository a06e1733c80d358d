/**
 * What a part of the run has to undo: processes to end, filesystems to unmount, directories to remove. Undone last first,
 * each step even when another failed, once however often it is closed.
 */
export class Scope {
  #steps = [];

  /** @param {string} what names the step in an error, "end dockerd" @param {() => unknown} undo */
  defer(what, undo) {
    this.#steps.push({ what, undo });
  }

  /** @throws {AggregateError} of the steps that failed, after all were tried */
  async close() {
    const errors = [];
    while (this.#steps.length > 0) {
      const { what, undo } = this.#steps.pop();
      try {
        await undo();
      } catch (error) {
        errors.push(new Error(`${what}: ${error.message}`, { cause: error }));
      }
    }
    if (errors.length > 0) throw new AggregateError(errors, errors.map((error) => error.message).join('; '));
  }
}

/** Runs `body` with a scope that is closed whatever happens; an error of `body` is not hidden by one of the clean-up. */
export async function withScope(body) {
  const scope = new Scope();
  let result;
  try {
    result = await body(scope);
  } catch (error) {
    await scope.close().catch((cleanUp) => {
      throw new AggregateError([error, cleanUp], `${error.message}; and while cleaning up: ${cleanUp.message}`);
    });
    throw error;
  }
  await scope.close();
  return result;
}
