# Sourced by disk.sh: networks on the kernel that users have, where cgroup v2 is all there is.
ip link set lo up
check network-server rcx run -d --name server -p 8080:80 guest \
  sh -c 'echo served >/tmp/index.html; exec httpd -f -p 80 -h /tmp'
check network-name rcx run --rm guest sh -c 'until wget -q -O - http://server/; do sleep 0.2; done'
check network-loopback wget -q -O - http://127.0.0.1:8080/
check network-address wget -q -O - http://172.17.0.1:8080/
check network-internal sh -c 'rcx network create --internal inner >/dev/null; rcx run --rm --network inner guest ip route'
check network-userns rcx run --rm --uidmap 0:100000:65536 guest wget -q -O - http://server/
check network-rm rcx rm -f server
# Other checks have containers in the default network still.
check network-left sh -c 'rcx network rm inner >/dev/null && ls /sys/class/net'
