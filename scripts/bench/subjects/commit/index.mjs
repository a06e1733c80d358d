import { docker } from './docker.mjs';
import { podman } from './podman.mjs';
import { rcx } from './rcx.mjs';

/** In the order of the table. */
export const commitSubjects = [rcx, docker, podman];
