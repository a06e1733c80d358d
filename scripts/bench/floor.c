/*
 * The least a container start can cost on this machine: what every runtime must ask of the kernel, and nothing else.
 *
 *   floor LOWER DIR PROGRAM
 *
 * For each line on stdin it starts PROGRAM once in a fresh container over the read-only tree LOWER, waits for it, and prints
 * the nanoseconds from before the first directory of that container is made until its exit is known. DIR holds the
 * read-write layers and must be on a filesystem overlayfs accepts as an upper layer.
 *
 * The child shares the parent's memory until exec (CLONE_VM|CLONE_VFORK): the cost does not depend on the caller's size.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define STACK_BYTES (256 * 1024)

static const struct {
	const char *name;
	unsigned major, minor;
} nodes[] = {{"dev/null", 1, 3},   {"dev/zero", 1, 5},    {"dev/full", 1, 7},
	     {"dev/random", 1, 8}, {"dev/urandom", 1, 9}, {"dev/tty", 5, 0}};

static const char *const links[][2] = {{"/proc/self/fd", "dev/fd"},
				       {"/proc/self/fd/0", "dev/stdin"},
				       {"/proc/self/fd/1", "dev/stdout"},
				       {"/proc/self/fd/2", "dev/stderr"},
				       {"pts/ptmx", "dev/ptmx"}};

struct container {
	char *root;
	char *overlay;
	char *const *argv;
};

/* Ends the child: it may not return into the parent's stack, nor flush the parent's stdio. */
static void check(int result, const char *step)
{
	if (result >= 0)
		return;
	dprintf(STDERR_FILENO, "floor: %s: %s\n", step, strerror(errno));
	_exit(125);
}

static void mount_dev(void)
{
	check(mount("tmpfs", "dev", "tmpfs", MS_NOSUID | MS_STRICTATIME, "mode=755,size=65536k"), "mount /dev");
	for (size_t i = 0; i < sizeof nodes / sizeof *nodes; i++)
		check(mknod(nodes[i].name, S_IFCHR | 0666, makedev(nodes[i].major, nodes[i].minor)), nodes[i].name);
	for (size_t i = 0; i < sizeof links / sizeof *links; i++)
		check(symlink(links[i][0], links[i][1]), links[i][1]);
	check(mkdir("dev/pts", 0755), "mkdir /dev/pts");
	check(mkdir("dev/shm", 01777), "mkdir /dev/shm");
	check(mkdir("dev/mqueue", 0755), "mkdir /dev/mqueue");
	check(mount("devpts", "dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=0620"),
	      "mount /dev/pts");
	check(mount("shm", "dev/shm", "tmpfs", MS_NOSUID | MS_NOEXEC | MS_NODEV, "mode=1777,size=65536k"),
	      "mount /dev/shm");
	check(mount("mqueue", "dev/mqueue", "mqueue", MS_NOSUID | MS_NOEXEC | MS_NODEV, NULL), "mount /dev/mqueue");
}

static int child(void *argument)
{
	const struct container *c = argument;

	check(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "make / private");
	check(mount("overlay", c->root, "overlay", 0, c->overlay), "mount overlay");
	check(chdir(c->root), "chdir to the new root");
	check(mount("proc", "proc", "proc", MS_NOSUID | MS_NOEXEC | MS_NODEV, NULL), "mount /proc");
	check(mount("sysfs", "sys", "sysfs", MS_NOSUID | MS_NOEXEC | MS_NODEV | MS_RDONLY, NULL), "mount /sys");
	mount_dev();
	check(sethostname("floor", 5), "sethostname");
	check(syscall(SYS_pivot_root, ".", "."), "pivot_root");
	check(umount2(".", MNT_DETACH), "unmount the old root");
	check(chdir("/"), "chdir to /");
	execv(c->argv[0], c->argv);
	check(-1, c->argv[0]);
	return 125;
}

static long long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void fail(const char *step)
{
	fprintf(stderr, "floor: %s: %s\n", step, strerror(errno));
	exit(1);
}

static void make_directory(const char *path)
{
	if (mkdir(path, 0755) < 0)
		fail(path);
}

/* Nanoseconds of one container, its directories numbered by `index`. */
static long long start(const char *lower, const char *dir, unsigned index, char *const *argv, char *stack)
{
	const int flags = CLONE_VM | CLONE_VFORK | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET |
			  CLONE_NEWCGROUP | SIGCHLD;
	struct container c = {.argv = argv};
	char *base, *upper, *work;
	int status;

	if (asprintf(&base, "%s/%u", dir, index) < 0 || asprintf(&upper, "%s/upper", base) < 0 ||
	    asprintf(&work, "%s/work", base) < 0 || asprintf(&c.root, "%s/root", base) < 0 ||
	    asprintf(&c.overlay, "lowerdir=%s,upperdir=%s,workdir=%s", lower, upper, work) < 0)
		fail("allocate paths");

	const long long begin = now();

	make_directory(base);
	make_directory(upper);
	make_directory(work);
	make_directory(c.root);
	const pid_t pid = clone(child, stack + STACK_BYTES, flags, &c);

	if (pid < 0)
		fail("clone");
	if (waitpid(pid, &status, 0) < 0)
		fail("waitpid");
	const long long spent = now() - begin;

	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
		fprintf(stderr, "floor: %s ended with status %d\n", argv[0], status);
		exit(1);
	}
	free(base), free(upper), free(work), free(c.root), free(c.overlay);
	return spent;
}

int main(int argc, char **argv)
{
	char *line = NULL;
	size_t capacity = 0;
	char *stack = malloc(STACK_BYTES);

	if (argc < 4 || stack == NULL) {
		fprintf(stderr, "usage: floor LOWER DIR PROGRAM [ARGUMENT...]\n");
		return 2;
	}
	for (unsigned index = 0; getline(&line, &capacity, stdin) >= 0; index++) {
		printf("%lld\n", start(argv[1], argv[2], index, argv + 3, stack));
		fflush(stdout);
	}
	free(line);
	free(stack);
	return 0;
}
