# Some controllers in v1, the others in v2. Sourced by disk.sh when nothing of v2 alone is left to be tried.
for controller in cpu pids; do
  echo "-$controller" >/sys/fs/cgroup/cgroup.subtree_control
  mkdir -p "/v1/$controller"
  # The kernel takes its time to forget the cgroups that had it.
  tries=0
  until mount -t cgroup -o "$controller" none "/v1/$controller" || [ "$tries" -gt 50 ]; do
    sleep 0.2
    tries=$((tries + 1))
  done
done

cat >/tmp/mixed-files <<'END'
grep -h . /sys/fs/cgroup/rcx/*/memory.max /v1/pids/rcx/*/pids.max /v1/cpu/rcx/*/cpu.cfs_quota_us
END
check mixed-info rcx info
check mixed-run rcx run -d --name mixed -m 64m --pids-limit 20 --cpus 0.5 guest sh -c 'tail /dev/zero; exec sleep 600'
check mixed-files sh /tmp/mixed-files
check mixed-oom sh -c "$until_killed" - "$RCX_STORE"
check mixed-stats rcx stats --no-stream --format '{{.MemUsage}} {{.PIDs}}'
check mixed-update rcx update -m 32m --pids-limit 25 --cpus 0.6 mixed
check mixed-updated sh /tmp/mixed-files
check mixed-pause rcx pause mixed
check mixed-frozen grep -h frozen /sys/fs/cgroup/rcx/*/cgroup.events
check mixed-rm rcx rm -f mixed
check mixed-left find /sys/fs/cgroup /v1 -mindepth 1 -type d -name 'rcx*'
