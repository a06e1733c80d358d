/* What a service manager and a container engine do to a cgroup of v2. "mark CGROUP" says that it is left to whoever runs in it;
 * "inside CGROUP PROGRAM ..." runs a program in it, for which it is the root of the hierarchy. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/xattr.h>
#include <unistd.h>

static int fail(const char *what) {
    perror(what);
    return 1;
}

static int enter(const char *cgroup) {
    if (chdir(cgroup) != 0) return fail("chdir");
    int procs = open("cgroup.procs", O_WRONLY);
    if (procs < 0 || write(procs, "0", 1) != 1 || close(procs) != 0) return fail("enter the cgroup");
    return 0;
}

int main(int argc, char **argv) {
    if (argc == 3 && strcmp(argv[1], "mark") == 0) {
        return setxattr(argv[2], "user.delegate", "1", 1, 0) == 0 ? 0 : fail("setxattr");
    }
    if (argc < 4 || strcmp(argv[1], "inside") != 0) return 2;
    if (enter(argv[2]) != 0) return 1;
    if (unshare(CLONE_NEWCGROUP | CLONE_NEWNS) != 0) return fail("unshare");
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) return fail("make mounts private");
    if (chdir("/") != 0 || umount2("/sys/fs/cgroup", MNT_DETACH) != 0) return fail("umount");
    if (mount("cgroup2", "/sys/fs/cgroup", "cgroup2", 0, NULL) != 0) return fail("mount");
    execvp(argv[3], argv + 3);
    return fail("execvp");
}
