# What --init, -u, --read-only and --tmpfs do.
echo "first $(tr '\0' ' ' </proc/1/cmdline)"
echo "self $$"
echo "uid $(id -u)"
echo "gid $(id -g)"
echo "root $( (: >/file) 2>&1)"
echo "scratch $(echo text >/scratch/file && cat /scratch/file)"
echo "scratch-mount $(grep ' /scratch ' /proc/self/mountinfo)"
exit 42
