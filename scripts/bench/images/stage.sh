#!/bin/sh
# A customize hook of mmdebstrap: installs PACKAGE... into ROOT and archives what that changed as one image layer.
# usage: stage.sh ROOT LAYER.tar [PACKAGE...]      (without packages: the whole root, the first layer)
set -eu
root=$1
layer=$2
shift 2

newer=
if [ $# -gt 0 ]; then
  mark=$(mktemp)
  trap 'rm -f "$mark"' EXIT
  newer="-cnewer $mark"
  # Timestamps of files made within one kernel tick of the mark would compare as equal to it.
  sleep 1
  APT_CONFIG=$MMDEBSTRAP_APT_CONFIG apt-get --quiet --quiet --yes --no-install-recommends \
    -oDPkg::Chroot-Directory="$root" install "$@"
fi

cd "$root"
# $newer is two words or none.
# shellcheck disable=SC2086
find . -xdev \( -path './proc/*' -o -path './sys/*' -o -path './dev/*' -o -path './run/*' -o -path './tmp/*' \
  -o -path './var/cache/apt/*' -o -path './var/lib/apt/lists/*' \) -prune -o ! -path . $newer -print0 |
  sort -z | tar --create --file="$layer" --null --no-recursion --numeric-owner --xattrs --files-from=- || {
  # 1: "file changed as we read it", which is always said of the mount points /proc and /sys.
  [ $? -eq 1 ]
}
