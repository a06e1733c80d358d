# Profiles of AppArmor, which Debian's kernel has. Sourced by disk.sh.

# No way to the profiles: as if there was no AppArmor.
check apparmor-unmounted rcx run --rm guest cat /proc/self/attr/current
check apparmor-refused rcx create --security-opt apparmor=rcx-default guest true
mount -t securityfs securityfs /sys/kernel/security

mv /sbin/apparmor_parser /tmp/parser
check apparmor-missing rcx run --rm guest cat /proc/self/attr/current
mv /tmp/parser /sbin/apparmor_parser

open="--cap-add SYS_ADMIN --security-opt systempaths=unconfined"
check apparmor-default rcx run --rm $open guest sh /probe/apparmor.sh
check apparmor-unconfined rcx run --rm $open --security-opt apparmor=unconfined guest sh /probe/apparmor.sh
check apparmor-strict rcx run --rm --security-opt no-new-privileges -u 1000 guest cat /proc/self/attr/current
check apparmor-privileged rcx run --rm --privileged guest cat /proc/self/attr/current
check apparmor-unknown rcx create --security-opt apparmor=no-such guest true

check apparmor-run rcx run -d --name profiled --init guest sleep 600
check apparmor-first cat "/proc/$(container_pid)/attr/current"
check apparmor-exec rcx exec profiled cat /proc/1/attr/current /proc/self/attr/current
check apparmor-exec-privileged rcx exec --privileged profiled cat /proc/self/attr/current
check apparmor-inspect rcx inspect -f '{{.AppArmorProfile}}' profiled
rcx rm -f profiled >/dev/null

/sbin/apparmor_parser --skip-cache --replace 2>/dev/null <<'END'
profile guest-own flags=(attach_disconnected) {
  file,
  deny /tmp/** w,
}
END
check apparmor-own rcx run --rm --security-opt apparmor=guest-own guest \
  sh -c 'cat /proc/self/attr/current; echo x >/x && echo written; echo x >/tmp/x'

umount /sys/kernel/security
