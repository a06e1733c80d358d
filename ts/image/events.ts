import type { Digest } from '../oci/digest.ts';

/** What happens to one layer; `current` and `total` are bytes of the compressed layer. */
export interface LayerEvent {
  type: 'layer';
  /** Digest of the layer as it is in the registry. */
  digest: Digest;
  status: 'waiting' | 'downloading' | 'extracting' | 'exists' | 'complete';
  current?: number;
  total?: number;
}

/** The manifest of the chosen platform is known. */
export interface ManifestEvent {
  type: 'manifest';
  /** Digest of the image's manifest. */
  digest: Digest;
  /** Digest that the reference leads to; another one than `digest` where the image was chosen from an index. */
  source: Digest;
  /** The layers that the other events will be about, base layer first. */
  layers: { digest: Digest; size: number }[];
}

/** Progress of a pull. */
export type PullEvent = ManifestEvent | LayerEvent;
