import type { Digest } from '../../oci/digest.ts';

/** What every finding says. */
interface Said {
  /** What is wrong, and with what; one line. */
  message: string;
  path: string;
  /** What to do about it. */
  hint: string;
}

/** Something that is not as the store promises. `kind` and what follows it are for programs. */
export type Problem = Said &
  (
    | { kind: 'layout' | 'index' }
    /** Missing, or not what its name says. */
    | { kind: 'blob'; digest: Digest; missing: boolean; images: string[] }
    /** Its documents are as they were stored, and no image. */
    | { kind: 'image'; manifest: Digest; images: string[] }
    | { kind: 'layer'; diffId: Digest; missing: boolean; images: string[]; containers: string[] }
    /** `state` can be written anew; `config` and `folder` cannot. */
    | { kind: 'container'; id: string; part: 'config' | 'state' | 'folder' }
    | { kind: 'name'; id: string; name: string }
    | { kind: 'volume'; name: string }
    /** Processes of a container that has no folder. */
    | { kind: 'processes'; id: string }
  );

/** What a killed command has left: it does no harm but for the space it takes. */
export interface Leftover {
  kind: 'temporary' | 'content' | 'name' | 'cgroup' | 'volume';
  message: string;
  path: string;
}

/** What to do about nearly everything. */
export const REPAIR = 'mend it with: rcx system check --repair';
