/**
 * The native part by itself, for programs that have a root file system of their own and want neither images nor records. It works on
 * paths and descriptors that the caller gives. Errors have `code`, `step`, `path`, `errno` and `hint`.
 *
 * Names of files are byte strings where archives and directories have them: one character for each byte (`latin1`).
 * @packageDocumentation
 */
import type * as Addon from '../native/index.ts';
import { native } from '../native/index.ts';

export type { UsageSample } from '../container/usage.ts';
export { isRcxError, RcxError, type RcxErrorDetails } from '../errors.ts';
export type {
  Container,
  EntryMetadata,
  EntryXattr,
  ExitStatus,
  KernelFeature,
  LaunchOutcome,
  LayerSinkOptions,
  StdioOptions,
  StdioPipes,
  TreeEntry,
  TreeSize,
} from '../native/index.ts';
export { freezeCgroup, readCgroup, removeCgroup, updateCgroup } from './cgroups.ts';
export { type LaunchPlan, type Layers, launch, withRoot } from './launch.ts';
export { defaultSpec, type RuntimeSpec } from './spec.ts';

// What is missing of it, or wrong with it, is the first thing to be known.
const addon = native();

/** Reads a tree that others may change meanwhile. */
export const CopyReader = addon.CopyReader;
export type CopyReader = Addon.CopyReader;
/** Where the paths of a copy begin: no link leads out of it. */
export const CopyRoot = addon.CopyRoot;
export type CopyRoot = Addon.CopyRoot;
/** Writes below a directory of such a root. */
export const CopyWriter = addon.CopyWriter;
export type CopyWriter = Addon.CopyWriter;
/** A held `flock(2)`. */
export const FileLock = addon.FileLock;
export type FileLock = Addon.FileLock;
/** Writes what an archive of a layer says below a directory, whatever its names are. */
export const LayerSink = addon.LayerSink;
export type LayerSink = Addon.LayerSink;
/** Walks the tree of a layer, or of several as overlayfs shows them. */
export const TreeReader = addon.TreeReader;
export type TreeReader = Addon.TreeReader;
/** Looks paths up in several directories as overlayfs shows them. */
export const UnionTree = addon.UnionTree;
export type UnionTree = Addon.UnionTree;

export const { checkSeccompProfile, kernelFeatures, measureTree, relabel, removeTree, waitForProcess } = addon;
