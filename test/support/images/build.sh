#!/bin/sh
# Makes the images of the end-to-end tests as OCI layouts OUT/debian and OUT/layered: real ones, by tools that are not rcx.
# usage: unshare --mount --propagation private build.sh OUT      (buildah's mounts end with the namespace)
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=$1
work=$(mktemp -d)
trap 'umount --recursive --lazy "$work/storage/overlay" 2>/dev/null || true; rm -rf "$work"' EXIT
cp -R "$here/debian" "$here/layered" "$work"

# What the slim images of Debian leave out, and what the tests look into containers with.
mmdebstrap --quiet --variant=minbase --include=attr,libcap2-bin,procps \
  --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
  --dpkgopt='path-exclude=/usr/share/locale/*' bookworm "$work/debian/debian.tar"

build() {
  # The overlay driver records a replaced directory as opaque. mknod is not among buildah's default capabilities.
  buildah --root "$work/storage" --runroot "$work/run" --storage-driver overlay bud --quiet --isolation chroot \
    --cap-add CAP_MKNOD --pull-never --layers --tag "$1" "$work/$1" >&2
  buildah --root "$work/storage" --runroot "$work/run" --storage-driver overlay push --quiet "$1" "oci:$out/$1:latest"
}
build debian
build layered
