say() { printf '%s\t%s\n' "$1" "$2"; }
while IFS=: read -r key value; do
  case $key in Cap*|NoNewPrivs|Seccomp|Seccomp_filters|Groups|Umask|SigBlk|SigIgn|Uid|Gid) say "status $key" "$(echo $value)" ;; esac
done < /proc/self/status
while read -r id parent dev root at options rest; do
  optional=${rest%% - *}; [ "$optional" = "$rest" ] && optional= ; case $rest in '- '*) optional= ;; esac
  after=${rest#*- }
  set -- $after
  say "mount $at" "type=$1 options=$options propagation=${optional:-private} super=$3"
done < /proc/self/mountinfo
for f in /dev/* /dev/pts/*; do say "device $f" "$(stat -c '%F %a %u:%g %t:%T' "$f") $(readlink "$f")"; done
for f in /proc/acpi /proc/asound /proc/interrupts /proc/kcore /proc/keys /proc/latency_stats /proc/timer_list /proc/timer_stats /proc/sched_debug /proc/scsi /sys/firmware /sys/devices/virtual/powercap; do
  if [ ! -e $f ]; then say "masked $f" absent; continue; fi
  if [ -d $f ]; then say "masked $f" "directory of $(ls -A $f | wc -l)"; else say "masked $f" "file of $(head -c 100 $f 2>&1 | wc -c)"; fi
done
for f in /proc/sys/kernel/core_pattern /proc/sys/kernel/hostname /proc/sysrq-trigger /proc/bus/x /proc/fs/x /proc/irq/default_smp_affinity /sys/kernel/uevent_helper /sys/power/state /proc/sys/net/ipv4/ip_forward /proc/self/oom_score_adj /proc/1/oom_score_adj /proc/self/attr/current /proc/self/uid_map; do
  if [ -e $f ]; then say "write $f" "$(sh -c "cat $f > /tmp/v 2>/dev/null; cat /tmp/v > $f" 2>&1 | sed 's/.*: //')"; else say "write $f" absent; fi
done
for n in /proc/self/ns/*; do say "namespace ${n##*/}" "$(readlink $n)"; done
say env "$(env | grep -v '^HOSTNAME=\|^_=' | sort | tr '\n' ' ')"
say cwd "$(pwd)"
say oom_score_adj "$(cat /proc/self/oom_score_adj)"
say cgroup "$(cat /proc/self/cgroup | cut -d: -f2,3 | sort | tr '\n' ' ')"
for s in net/ipv4/ping_group_range net/ipv4/ip_unprivileged_port_start net/ipv4/ip_forward kernel/shmmax kernel/msgmax fs/mqueue/queues_max kernel/core_pattern; do say "sysctl $s" "$(cat /proc/sys/$s)"; done
while read -r line; do case $line in Limit*) ;; *) say "limit ${line%%  *}" "$(echo "${line#*  }")" ;; esac; done < /proc/self/limits
cd /tmp
for d in 'c 1 3' 'c 1 1' 'c 1 7' 'c 1 11' 'c 5 1' 'c 5 2' 'c 10 200' 'c 10 229' 'c 136 0' 'c 4 1' 'b 7 0' 'b 254 0' 'b 8 0' 'c 10 237' 'c 189 0'; do
  rm -f d; mknod d $d 2>/dev/null || { say "open $d" 'not made'; continue; }
  say "open $d" "$(head -c 0 d 2>&1 | sed 's/.*: //')"
done
for c in 'mount -t tmpfs t /mnt' 'unshare -m true' 'unshare -U true' 'hostname x' 'chroot / true' 'dmesg' 'date -s now' 'nice -n -5 true' 'ping -c1 -W1 127.0.0.1' 'mknod /tmp/n c 1 3' 'chown 1:1 /tmp/v' 'setcap cap_net_raw+ep /tmp/v' 'ip link add d0 type dummy' 'renice -n -1 -p 1' 'losetup -f'; do
  set -- $c; command -v $1 >/dev/null || { say "can $c" 'no such program'; continue; }
  $c >/dev/null 2>&1 </dev/null; say "can $c" $?
done
