# What a container with limits finds of its cgroup and of the machine's devices: a word, then what was found.
echo "cgroup $(cat /proc/self/cgroup)"
echo "mount $(grep ' /sys/fs/cgroup ' /proc/self/mountinfo)"
echo "own-limit $(cat /sys/fs/cgroup/memory.max)"
echo "mkdir $(mkdir /sys/fs/cgroup/mine 2>&1)"
echo "raise $( (echo max >/sys/fs/cgroup/memory.max) 2>&1)"

mknod /tmp/disk b 254 0
mknod /tmp/mem c 1 1
mknod /tmp/kmsg c 1 11
for name in disk mem kmsg; do echo "$name $(head -c 1 /tmp/$name 2>&1 >/tmp/content) $(wc -c </tmp/content)"; done
echo "write-disk $( (echo >/tmp/disk) 2>&1)"
echo "null $( (echo >/dev/null) 2>&1)"
echo "zero $(head -c 4 /dev/zero | wc -c)"

# A shell whose fork fails ends.
(for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25; do sleep 60 & done) 2>/tmp/forks
kill -KILL -1
echo "fork $(cat /tmp/forks)"
: >/gate/ready
until [ -e /gate/go ]; do sleep 0.1; done
