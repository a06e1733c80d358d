import { bubblewrap } from './bubblewrap.mjs';
import { docker } from './docker.mjs';
import { dockerApi } from './dockerApi.mjs';
import { floor } from './floor.mjs';
import { hostProcess, node } from './hostProcess.mjs';
import { podman } from './podman.mjs';
import { rcxApi } from './rcxApi.mjs';
import { rcxCli } from './rcxCli.mjs';
import { runc } from './runc.mjs';

/** In the order of the table. */
export const startSubjects = [rcxApi, rcxCli, dockerApi, docker, podman, runc, bubblewrap, floor, node, hostProcess];
