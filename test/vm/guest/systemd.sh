#!/bin/sh
# Checks with systemd as the first process, which this is the only service of.
export PATH=/usr/bin:/bin HOME=/root
. /guest/lib.sh

cat >/tmp/scope-files <<'END'
cd /sys/fs/cgroup/system.slice/rcx-*.scope || exit
grep . memory.max memory.swap.max memory.low cpu.max cpu.weight cpuset.cpus pids.max && wc -l <cgroup.procs
END

check systemd-run rcx --cgroup-manager systemd run -d --name scoped -m 64m --memory-swap 100m --memory-reservation 32m \
  --cpus 0.5 -c 512 --cpuset-cpus 0 --pids-limit 20 guest sleep 600
id=$(cat /tmp/systemd-run.out)
check systemd-files sh /tmp/scope-files
check systemd-show systemctl show "rcx-$id.scope" -p Slice -p Delegate -p ActiveState -p MemoryMax -p MemorySwapMax \
  -p CPUQuotaPerSecUSec -p CPUWeight -p TasksMax -p AllowedCPUs
check systemd-exec rcx exec scoped cat /proc/self/cgroup
check systemd-update rcx update --pids-limit 25 -m 80m --memory-swap 120m scoped
# It sets again what it knows.
check systemd-reload systemctl daemon-reload
check systemd-updated sh /tmp/scope-files
check systemd-rm rcx rm -f scoped

check systemd-slice rcx --cgroup-manager=systemd run -d --name sliced --cgroup-parent made-web.slice guest sleep 600
check systemd-restart rcx restart -t 0 sliced
check systemd-slice-place sh -c 'cd /sys/fs/cgroup && find . -name "rcx-*.scope"'
check systemd-bad-parent rcx --cgroup-manager=systemd create --cgroup-parent /made guest true
rcx rm -f sliced
check systemd-left sh -c 'sleep 1; find /sys/fs/cgroup -name "rcx*"; systemctl list-units --all --plain --no-legend "rcx-*"'
echo end >/dev/ttyS1
reboot -f
