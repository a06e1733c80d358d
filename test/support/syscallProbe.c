// Makes every system call by every convention of this processor, each in a process of its own, with arguments that no kernel
// accepts, and prints how each ended: "CONVENTION NUMBER CLASS". What stands in argv[1] is made instead: convention, number, and
// up to six arguments.
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define LAST 470
#define X32_BIT 0x40000000L

enum { REFUSED = 1, MISSING = 2, MADE = 3 };

#if defined(__x86_64__)
static const char *conventions[] = {"x86_64", "x86", "x32", NULL};

static long call_x86(long number, const long *a) {
  long result;
  __asm__ volatile("push %%rbp\n\tmov %7, %%rbp\n\tint $0x80\n\tpop %%rbp"
                   : "=a"(result)
                   : "a"(number), "b"(a[0]), "c"(a[1]), "d"(a[2]), "S"(a[3]), "D"(a[4]), "r"(a[5])
                   : "memory", "r8", "r9", "r10", "r11");
  return (int)result;
}
#else
static const char *conventions[] = {"aarch64", NULL};
#endif

static long make(const char *convention, long number, const long *a) {
#if defined(__x86_64__)
  if (strcmp(convention, "x86") == 0) return call_x86(number, a);
  if (strcmp(convention, "x32") == 0) number |= X32_BIT;
#endif
  long result = syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
  return result == -1 ? -errno : result;
}

static const char *class_of(int status) {
  static char text[16];
  if (WIFSIGNALED(status)) {
    snprintf(text, sizeof text, "signal%d", WTERMSIG(status));
    return text;
  }
  if (WEXITSTATUS(status) == REFUSED) return "EPERM";
  return WEXITSTATUS(status) == MISSING ? "ENOSYS" : "made";
}

// A process that was let through may wait for ever. One that only has to wait for a processor does not sleep.
static int sleeps(pid_t pid) {
  char path[64], text[256] = "";
  snprintf(path, sizeof path, "/proc/%d/stat", pid);
  FILE *file = fopen(path, "r");
  if (!file) return 0;
  size_t length = fread(text, 1, sizeof text - 1, file);
  fclose(file);
  text[length] = 0;
  char *end = strrchr(text, ')');
  return end && end[1] == ' ' && end[2] == 'S';
}

static void probe(const char *convention, long number, const long *arguments) {
  // Its end of the pipe tells when it has ended.
  int ends[2];
  if (pipe(ends) != 0) exit(1);
  pid_t child = fork();
  if (child < 0) exit(1);
  if (child == 0) {
    setpgid(0, 0);
    close(1);
    close(2);
    long result = make(convention, number, arguments);
    _exit(result == -EPERM ? REFUSED : result == -ENOSYS ? MISSING : MADE);
  }
  close(ends[1]);
  struct pollfd wait = {.fd = ends[0], .events = POLLIN};
  int ended = 0;
  for (int slept = 0; slept < 3 && !ended; slept = sleeps(child) ? slept + 1 : 0) ended = poll(&wait, 1, 100) == 1;
  int status = 0;
  if (!ended) kill(child, SIGKILL);
  waitpid(child, &status, 0);
  printf("%s %ld %s\n", convention, number, ended ? class_of(status) : "made");
  close(ends[0]);
}

int main(int count, char **words) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  if (count > 2) {
    long arguments[6] = {0};
    for (int i = 3; i < count && i < 9; i++) arguments[i - 3] = (long)strtoull(words[i], NULL, 0);
    probe(words[1], strtol(words[2], NULL, 0), arguments);
    return 0;
  }
  const long none[6] = {-1, -1, -1, -1, -1, -1};
  for (const char **convention = conventions; *convention; convention++)
    for (long number = 0; number <= LAST; number++) probe(*convention, number, none);
  return 0;
}
