import { loadConfig, type RcxConfig } from '../config/config.ts';
import { Registry } from './registry.ts';
import type { FoundImage } from './search.ts';
import { parseSearch, searchFilter } from './searchTerm.ts';

/** What `docker search` is given. */
export interface SearchOptions {
  /** `TERM` for Docker Hub, `registry[:port]/TERM` for another registry. */
  text: string;
  /** 1 to 100; 0 for Docker's default. */
  limit?: number | undefined;
  filters?: readonly (readonly [name: string, value: string])[] | undefined;
  /** Settings, instead of those of the config files. */
  config?: RcxConfig;
  env?: NodeJS.ProcessEnv;
}

/**
 * Finds images of a registry. As with Docker the filters choose among what the registry has found within the limit.
 * @throws ERR_RCX_INVALID_OPTION, and what {@link Registry.search} throws
 */
export async function searchImages(options: SearchOptions): Promise<FoundImage[]> {
  const { env = process.env, config = loadConfig(env) } = options;
  const query = parseSearch(options.text, options.limit);
  const filter = searchFilter(options.filters ?? []);
  const registry = new Registry({ config, env });
  try {
    return (await registry.search(query)).filter(filter);
  } finally {
    await registry.close();
  }
}
