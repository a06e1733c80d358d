#!/bin/sh
# Labels of SELinux, on a machine that was booted with it. First program after init; see disk.sh.
export PATH=/usr/bin:/bin HOME=/root
unset RCX_ROOT
. /guest/lib.sh
mount -t tmpfs tmpfs /tmp
mount -t selinuxfs selinuxfs /sys/fs/selinux
# The kernel takes a policy in one write.
check selinux-policy sh -c 'dd if=/guest/policy of=/sys/fs/selinux/load bs=4M && echo 1 >/sys/fs/selinux/enforce'
cp /proc/self/mountinfo /tmp/mounts-before

check selinux-none rcx run --rm guest cat /proc/self/attr/current
check selinux-none-asked rcx create --security-opt label=type:container_t guest true
mkdir -p /etc/selinux/targeted/contexts
cat >/etc/selinux/targeted/contexts/lxc_contexts <<'END'
process = "system_u:system_r:container_t:s0"
content = "system_u:object_r:host_file_t:s0"
file = "system_u:object_r:container_file_t:s0"
END

mkdir -p /data/plain /data/shared/deep /data/private /data/outside
echo host >/data/shared/deep/file
ln -s /data/outside /data/shared/link
check selinux-first rcx run -d --name first --init -v /data/plain:/plain -v /data/shared:/shared:z -v /data/private:/private:Z \
  -v /data/outside:/outside -v named:/named guest sleep 600
check selinux-probe rcx exec first sh /probe/selinux.sh
check selinux-pid1 cat "/proc/$(container_pid)/attr/current"
check selinux-program sh -c 'cat "/proc/$(cat /proc/"$1"/task/"$1"/children | tr -d " ")/attr/current"' - "$(container_pid)"
check selinux-inspect rcx inspect -f '{{.ProcessLabel}} {{.MountLabel}}' first
check selinux-host cat /proc/1/attr/current

check selinux-second rcx run --rm -v /data/shared:/shared -v /data/private:/private -v named:/named guest sh /probe/selinux.sh
check selinux-joined rcx run --rm --pid container:first -v /data/private:/private guest sh /probe/selinux.sh
check selinux-network rcx run --rm --network container:first guest cat /etc/hosts /etc/resolv.conf
check selinux-strict rcx run --rm --security-opt no-new-privileges -u 1000 guest cat /proc/self/attr/current
check selinux-userns rcx run --rm --userns auto -v named:/named guest sh /probe/selinux.sh
check selinux-type rcx run --rm --security-opt label=type:container_other_t --security-opt label=level:s0:c5,c7 guest \
  cat /proc/self/attr/current
check selinux-unknown rcx run --rm --security-opt label=type:no_such_t guest true
check selinux-disable rcx run --rm --security-opt label=disable -v /data/plain:/plain guest sh /probe/selinux.sh
check selinux-privileged rcx run --rm --privileged guest cat /proc/self/attr/current
check selinux-host-pid rcx run --rm --pid host guest cat /proc/self/attr/current
check selinux-system rcx create -v /etc:/etc:z guest true
check selinux-read-only rcx run --rm --read-only --tmpfs /scratch guest sh -c 'echo x >/scratch/x && cat /proc/self/attr/current'
rcx rm -f first >/dev/null
check selinux-mounts-left diff /tmp/mounts-before /proc/self/mountinfo
echo end >/dev/ttyS1
reboot -f
