// https://distribution.github.io/distribution/spec/auth/scope/

/** Allows to read a repository. */
export function pullScope(repository: string): string {
  return `repository:${repository}:pull`;
}

/** Allows to read and write a repository. */
export function pushScope(repository: string): string {
  return `repository:${repository}:pull,push`;
}
