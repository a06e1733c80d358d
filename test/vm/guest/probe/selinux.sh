# The label, and where it lets the program write: a line each.
echo "label $(cat /proc/self/attr/current)"
for directory in / /dev /dev/shm /dev/mqueue /plain /outside /shared /shared/deep /private /named; do
  [ -d "$directory" ] || continue
  if touch "$directory/$(hostname)" 2>/dev/null; then echo "$directory yes"; else echo "$directory no"; fi
done
if cat /etc/hosts /etc/resolv.conf /etc/hostname >/dev/null; then echo "files yes"; fi
grep -o 'context="[^"]*"' /proc/self/mountinfo | sort -u
grep -c context= /proc/self/mountinfo
