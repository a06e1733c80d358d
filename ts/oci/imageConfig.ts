import { boolean, digest, integer, type JsonNode, listOf, mapOf, present, type Reader, string } from './json.ts';
import type { ExecutionConfig, Healthcheck, HistoryEntry, ImageConfig } from './types.ts';

/** Reads a checked image config out of a document; fields that neither OCI nor Docker define are left out. */
export function parseConfig(document: JsonNode): ImageConfig {
  return {
    architecture: document.required('architecture', string),
    os: document.required('os', string),
    rootfs: document.required('rootfs', rootfs),
    ...present({
      created: document.optional('created', string),
      author: document.optional('author', string),
      variant: document.optional('variant', string),
      'os.version': document.optional('os.version', string),
      'os.features': document.optional('os.features', listOf(string)),
      config: document.optional('config', execution),
      history: document.optional('history', listOf(historyEntry)),
      docker_version: document.optional('docker_version', string),
    }),
  };
}

const rootfs: Reader<ImageConfig['rootfs']> = (node) => {
  const type = node.required('type', string);
  if (type !== 'layers') throw node.error('has a type other than "layers"');
  return { type, diff_ids: node.optional('diff_ids', listOf(digest)) ?? [] };
};

const emptyObject: Reader<Record<string, never>> = (node) => {
  node.keys();
  return {};
};

const execution: Reader<ExecutionConfig> = (node) =>
  present({
    User: node.optional('User', string),
    ExposedPorts: node.optional('ExposedPorts', mapOf(emptyObject)),
    Env: node.optional('Env', listOf(string)),
    Entrypoint: node.optional('Entrypoint', listOf(string)),
    Cmd: node.optional('Cmd', listOf(string)),
    Volumes: node.optional('Volumes', mapOf(emptyObject)),
    WorkingDir: node.optional('WorkingDir', string),
    Labels: node.optional('Labels', mapOf(string)),
    StopSignal: node.optional('StopSignal', string),
    StopTimeout: node.optional('StopTimeout', integer),
    Healthcheck: node.optional('Healthcheck', healthcheck),
    OnBuild: node.optional('OnBuild', listOf(string)),
    Shell: node.optional('Shell', listOf(string)),
  });

const healthcheck: Reader<Healthcheck> = (node) =>
  present({
    Test: node.optional('Test', listOf(string)),
    Interval: node.optional('Interval', integer),
    Timeout: node.optional('Timeout', integer),
    StartPeriod: node.optional('StartPeriod', integer),
    StartInterval: node.optional('StartInterval', integer),
    Retries: node.optional('Retries', integer),
  });

const historyEntry: Reader<HistoryEntry> = (node) =>
  present({
    created: node.optional('created', string),
    author: node.optional('author', string),
    created_by: node.optional('created_by', string),
    comment: node.optional('comment', string),
    empty_layer: node.optional('empty_layer', boolean),
  });
