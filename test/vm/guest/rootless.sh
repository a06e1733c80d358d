# An ordinary user, on cgroup v2 alone: with a cgroup that was delegated to him, and without. Sourced by disk.sh.
mkdir -p /home/sam /run/user/1000
chown 1000:1000 /home/sam /run/user/1000
chmod 700 /run/user/1000

# What systemd does for a user: a cgroup of his with controllers, and in it one for each session.
echo '+memory +pids +cpu' >/sys/fs/cgroup/cgroup.subtree_control
mkdir /sys/fs/cgroup/user
echo '+memory +pids +cpu' >/sys/fs/cgroup/user/cgroup.subtree_control

# sam SESSION PROGRAM [ARGUMENT...]; the session - has no cgroup of his.
cat >/tmp/sam <<'END'
#!/bin/sh
session=/sys/fs/cgroup/user/$1
if [ "$1" != - ] && [ ! -d "$session" ]; then
  mkdir "$session"
  chown 1000 "$session" "$session"/cgroup.procs "$session"/cgroup.subtree_control "$session"/cgroup.threads
fi
[ "$1" = - ] || echo 0 >"$session/cgroup.procs" 2>/dev/null || echo 0 >"$session/init/cgroup.procs"
shift
export HOME=/home/sam XDG_RUNTIME_DIR=/run/user/1000
exec /usr/bin/setpriv --reuid 1000 --regid 1000 --clear-groups -- "$@"
END
chmod 755 /tmp/sam

# The images of root's store are for root alone.
check rootless-image /tmp/sam one rcx image from-host -q -t guest sh cat id ip sleep true
check rootless-run /tmp/sam one rcx run -d --name own --memory 64m --pids-limit 20 guest sh -c 'cat /proc/self/cgroup; id -u; sleep 600'
check rootless-files sh -c 'cd /sys/fs/cgroup/user/one/rcx/*/ && grep . memory.max pids.max cgroup.freeze'
check rootless-owner sh -c 'cat /proc/$(head -n 1 /sys/fs/cgroup/user/one/rcx/*/cgroup.procs)/uid_map'
check rootless-pause /tmp/sam two rcx pause own
check rootless-frozen grep -h frozen /sys/fs/cgroup/user/one/rcx/*/cgroup.events
check rootless-rm /tmp/sam two rcx rm -f own
check rootless-left sh -c 'find /sys/fs/cgroup/user -mindepth 2 -type d'
check rootless-network /tmp/sam two rcx run --rm --pull never guest sh -c 'ip -o addr show dev eth0; ip route'
check rootless-without /tmp/sam - rcx run --rm --memory 64m guest true
echo 0 >/proc/sys/user/max_user_namespaces
check rootless-limit env -i PATH="$PATH" /tmp/sam - env XDG_RUNTIME_DIR=/home/sam/elsewhere rcx run --rm guest true
echo 1000 >/proc/sys/user/max_user_namespaces
check rootless-reset /tmp/sam - rcx system reset -f
sleep 1
rm -r /home/sam
for session in one two; do
  [ -d "/sys/fs/cgroup/user/$session/init" ] && rmdir "/sys/fs/cgroup/user/$session/init"
  rmdir "/sys/fs/cgroup/user/$session"
done
rmdir /sys/fs/cgroup/user
check rootless-processes sh -c 'pgrep -l rcx-; true'
