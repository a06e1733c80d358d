#!/bin/sh
# Checks with a disk as root, as every installed system has it. First program after init.
export PATH=/usr/bin:/bin HOME=/root
grep -q security=selinux /proc/cmdline && exec /guest/selinux.sh
unset RCX_ROOT
RCX_STORE=/var/lib/rcx
. /guest/lib.sh
check kernel uname -r
cp /proc/self/mountinfo /tmp/mounts-before

# The attack works where nothing stands against it: it finds this machine's root from a plain chroot.
mkdir /tmp/jail
cp /guest/escape /tmp/jail
check control-escape chroot /tmp/jail /escape
check control-devices sh -c 'head -c 1 /dev/vda && head -c 1 /dev/mem'

mkdir /gate
check limited-run rcx run --name limited --memory 64m --pids-limit 20 --cpus 0.5 -v /gate:/gate guest sh /probe/limited.sh &
run=$!
await /gate/ready
check limited-cgroup sh -c 'cat "/proc/$1/cgroup"' - "$(container_pid)"
check limited-files sh -c 'cd /sys/fs/cgroup/rcx/*/ && grep . memory.max memory.swap.max pids.max cpu.max pids.events'
: >/gate/go
wait "$run"
check limited-inspect rcx inspect limited

check oom rcx run --rm --memory 24m guest tail /dev/zero
check deep rcx run --rm deep sh /probe/deep.sh
check options rcx run --rm --init -u 1000:1001 --read-only --tmpfs /scratch guest sh /probe/options.sh
check missing rcx run --rm guest /no/such/program
check forbidden rcx run --rm guest /etc/passwd

mkdir /gate2
: >/gate2/go
check no-pivot-run rcx run --name moved --no-pivot -v /gate2:/gate guest sh /probe/root.sh
check no-pivot-inspect rcx inspect moved
check info rcx info

. /guest/network.sh
. /guest/life.sh
. /guest/limits.sh
. /guest/apparmor.sh
. /guest/rootless.sh

check cgroups-left find /sys/fs/cgroup -mindepth 1 -type d -name 'rcx*'
check mounts-left diff /tmp/mounts-before /proc/self/mountinfo

. /guest/mixed.sh
if [ -x /lib/systemd/systemd ]; then
  # It takes the machine over, and goes on with systemd.sh.
  umount /v1/*
  exec /lib/systemd/systemd
fi
echo end >/dev/ttyS1
# The emulator ends where a machine would start anew.
reboot -f
