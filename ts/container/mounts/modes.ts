/** How mounts made on one side show on the other (mount_namespaces(7)), alone or with all below it. */
export const PROPAGATION = /^r?(private|slave|shared)$/;

/** Docker's word for how soon changes are seen on other systems; it changes nothing on Linux. */
export const CONSISTENCY = /^(default|consistent|cached|delegated)$/;
