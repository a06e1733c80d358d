import type { Command } from 'commander';
import { print } from '../output/print.ts';
import { warnOfVariable } from '../output/warnings.ts';

export function register(parent: Command): void {
  parent
    .command('logout')
    .summary('log out from a registry')
    .description(
      'Forget the login for a registry, Docker Hub by default: in ~/.docker/config.json and in the credential helper that it ' +
        'names. The registry is not asked.',
    )
    .argument('[server]', 'host[:port] of the registry')
    .action(action);
}

async function action(server: string | undefined): Promise<void> {
  const { registryOf } = await import('../../ts/registry/login.ts');
  const { eraseLogin } = await import('../../ts/registry/loginStore.ts');
  const { loginKey } = await import('../../ts/registry/credentials.ts');
  const registry = registryOf(server);
  warnOfVariable();
  print(`Removing login credentials for ${loginKey(registry)}`);
  await eraseLogin(registry, process.env);
}
