# The life of containers on cgroup v2 alone. Sourced by disk.sh.
check life-run rcx run -d --name life guest sh -c 'trap "echo bye; exit 7" TERM; echo hello; while :; do sleep 1 & wait; done'
check life-exec rcx exec life sh -c 'cat /proc/self/cgroup; exit 5'
check life-members sh -c 'wc -l < /sys/fs/cgroup/rcx/*/cgroup.procs'
check life-pause rcx pause life
check life-frozen grep -h frozen /sys/fs/cgroup/rcx/*/cgroup.events
check life-exec-paused rcx exec life true
check life-stop rcx stop life
check life-inspect rcx inspect -f '{{.State.Status}} {{.State.ExitCode}}' life
check life-logs rcx logs life

check life-oom rcx run --name greedy --memory 24m guest tail /dev/zero
check life-oom-inspect rcx inspect -f '{{.State.OOMKilled}} {{.State.ExitCode}}' greedy

check life-start rcx start life
rcx pause life
# What stands still can be killed.
check life-rm rcx rm -f life greedy
check life-left sh -c 'ls /run/rcx; pgrep -l rcx-monitor; true'
