# Sourced by the scripts that run the checks. A check's result is one line on the second serial port: its name, its exit code,
# its stdout and its stderr in base64.

# A program that hangs must not take the other checks with it. Emulated, rcx takes about 4 s to start.
CHECK_SECONDS=60

mkdir -p /tmp /run /root

# check NAME PROGRAM [ARGUMENT...]
check() {
  check_name=$1
  shift
  code=0
  timeout -s KILL "$CHECK_SECONDS" "$@" </dev/null >"/tmp/$check_name.out" 2>"/tmp/$check_name.err" || code=$?
  report "$check_name" "$code"
}

# The whole line in one write: checks may run side by side.
report() {
  out=$(base64 -w 0 <"/tmp/$1.out")
  err=$(base64 -w 0 <"/tmp/$1.err")
  printf '%s %s %s %s\n' "$1" "$2" "$out" "$err" >/dev/ttyS1
}

# await PATH: waits until it exists, or for as long as a check may take.
await() {
  patience=$((CHECK_SECONDS * 10))
  while [ ! -e "$1" ] && [ "$patience" -gt 0 ]; do
    sleep 0.1
    patience=$((patience - 1))
  done
}

# The only container's first process, as this machine knows it.
container_pid() { cat /sys/fs/cgroup/rcx/*/cgroup.procs | head -n 1; }
