# Checks with the initramfs as root, which the kernel does not let pivot_root move. Sourced by init.
export RCX_ROOT=/disk/var/lib/rcx

# Mounts that are easily forgotten when a root cannot be left behind: two on one place, and one below another's mount point.
mkdir -p /stacked /covered/inner
mount -t sysfs sysfs /stacked
mount -t proc proc /stacked
mount -t proc proc /covered/inner
mount -t tmpfs tmpfs /covered

mkdir /gate
check initramfs-run rcx run --name ramfs -v /gate:/gate guest sh /probe/root.sh &
run=$!
await /gate/ready
# The namespace's mounts below the container's own, seen by a process that enters it once that one is away.
pid=$(container_pid)
check initramfs-uncover nsenter -t "$pid" -m umount -l /
nsenter -t "$pid" -m sleep "$CHECK_SECONDS" &
under=$!
sleep 1
check initramfs-beneath cat "/proc/$under/mountinfo"
kill "$under"
kill -TERM "$pid"
wait "$run"
check initramfs-inspect rcx inspect ramfs
check initramfs-rm rcx rm ramfs

# overlayfs cannot mark on the initramfs what a container deletes.
cp -a "$RCX_ROOT" /store
check initramfs-store env RCX_ROOT=/store rcx run --rm guest true
rm -r /store

umount /covered /covered/inner /stacked /stacked
