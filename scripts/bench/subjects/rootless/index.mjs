import { node } from '../start/hostProcess.mjs';
import { rcxCli } from '../start/rcxCli.mjs';
import { podmanUser, podmanUserNetwork } from './podman.mjs';
import { rcxUser, rcxUserNetwork } from './rcx.mjs';

/** Root's beside those of ordinary users, in the order of the table. */
export const rootlessSubjects = [rcxCli, rcxUser, podmanUser, rcxUserNetwork, podmanUserNetwork, node];
