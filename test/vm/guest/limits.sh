# Limits on cgroup v2 alone. Sourced by disk.sh.

# The files of the only container's cgroup.
cat >/tmp/limit-files <<'END'
cd /sys/fs/cgroup/rcx/*/ || exit
grep . memory.max memory.swap.max memory.low cpu.max cpu.weight cpuset.cpus cpuset.mems pids.max io.max io.weight
END

check limits-run rcx run -d --name limits -m 64m --memory-swap 100m --memory-reservation 32m -c 512 --cpu-quota 20000 \
  --cpu-period 50000 --cpuset-cpus 0 --cpuset-mems 0 --pids-limit 30 --blkio-weight 300 \
  --device-read-bps /dev/vda:2mb --device-write-iops /dev/vda:300 guest sleep 600
check limits-files sh /tmp/limit-files
check limits-update rcx update -m 128m --memory-swap 160m --memory-reservation 48m -c 1024 --cpu-quota 30000 \
  --cpuset-cpus 0-1 --pids-limit 40 --blkio-weight 500 limits
check limits-updated sh /tmp/limit-files
# One of them cannot be: all is as before.
check limits-update-refused rcx update --pids-limit 50 --cpu-rt-runtime 1000 limits
check limits-kept sh /tmp/limit-files
check limits-stats rcx stats --no-stream --format '{{.MemUsage}} {{.PIDs}} {{.BlockIO}}'
check limits-rm rcx rm -f limits
check limits-swappiness rcx create --memory-swappiness 10 guest true

# What there is no flag for.
id=$(rcx create guest sleep 600)
sed -i 's/"resources":{/&"unified":{"memory.high":"50003968"},"hugepageLimits":[{"pageSize":"2MB","limit":4194304}],/' \
  "$RCX_STORE/containers/$id/config.json"
check limits-spec rcx start "$id"
check limits-spec-files sh -c 'cd /sys/fs/cgroup/rcx/*/ && grep . memory.high hugetlb.2MB.max hugetlb.2MB.rsvd.max'
rcx rm -f "$id"

# As much as has to be swapped out, where it may be.
dd if=/dev/zero of=/swap bs=1M count=64 2>/dev/null
mkswap /swap >/dev/null
swapon /swap
hog='head -c 40000000 /dev/zero | tail -c 40000000 | wc -c'
check limits-swap rcx run --rm -m 24m --memory-swap 80m guest sh -c "$hog"
check limits-no-swap rcx run --rm -m 24m --memory-swap 24m guest sh -c "$hog"
swapoff /swap
rm /swap

# Only a child is killed.
rcx run -d --name child -m 24m guest sh -c 'tail /dev/zero; exec sleep 600'
until_killed='until grep -q "\"oomKilled\":true" "$1"/containers/*/state.json; do sleep 0.2; done'
check limits-oom sh -c "$until_killed" - "$RCX_STORE"
check limits-oom-inspect rcx inspect -f '{{.State.Status}} {{.State.OOMKilled}}' child
check limits-oom-events rcx events --since 1h --until 0s --filter container=child --filter event=oom --format '{{.Action}}'
rcx rm -f child

# A part of the hierarchy that somebody has left to rcx, as systemd does by Delegate=yes.
echo '+memory +pids' >/sys/fs/cgroup/cgroup.subtree_control
echo '-cpu' >/sys/fs/cgroup/cgroup.subtree_control
own=/sys/fs/cgroup/own.slice
mkdir "$own"
/guest/delegate mark "$own"
check delegated-run sh -c 'echo $$ >"$1/cgroup.procs" && rcx run -d --name own -m 64m guest sleep 600 && cat /proc/self/cgroup' - "$own"
check delegated-files sh -c 'cd "$1" && wc -l <cgroup.procs && cat cgroup.subtree_control rcx/*/memory.max' - "$own"
check delegated-refused sh -c 'echo $$ >"$1/init/cgroup.procs" && rcx create --cpus 0.5 guest true' - "$own"
check delegated-exec rcx exec own cat /proc/self/cgroup
rcx rm -f own
check delegated-left find "$own" -mindepth 1 -type d
# The one that it was given is all that it sees, as in another container.
check inner-run /guest/delegate inside "$own/init" rcx run --rm -m 64m guest cat /proc/self/cgroup /sys/fs/cgroup/memory.max
rmdir "$own/init/init" "$own/init" "$own"

check userns-cgroups rcx run --rm --userns auto guest sh -c 'cat /proc/self/uid_map /proc/self/cgroup; ls /sys/fs/cgroup'
