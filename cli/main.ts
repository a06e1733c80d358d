import { COMMANDS } from './commands/index.ts';
import { main } from './program.ts';

void main(process.argv.slice(2), COMMANDS);
