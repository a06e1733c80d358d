import type { Command } from 'commander';
import { systemdUnit } from '../../../ts/system/unit.ts';
import { write } from '../../output/print.ts';

export function register(parent: Command): void {
  parent
    .command('unit')
    .summary('print a systemd unit that runs containers from the start of the machine on')
    .description(
      'Print a systemd unit that calls rcx system boot. For root: rcx system unit > /etc/systemd/system/rcx.service && systemctl ' +
        'enable rcx. For a user: write it to ~/.config/systemd/user/rcx.service, then systemctl --user enable rcx, and loginctl ' +
        'enable-linger.',
    )
    .action(() => write(systemdUnit({ isUser: process.geteuid?.() !== 0 })));
}
