/*
 * A stopwatch for command lines that run at the same time. Starting them from Node would take the processors that are being
 * competed for: some 4 ms for each.
 *
 *   many COUNT PROGRAM [ARGUMENT...]
 *
 * Runs COUNT of PROGRAM at once, their stdin on /dev/null, their stdout its own. When all have ended, it prints the nanoseconds
 * from before the first was spawned, as a last line. Status 1 when one failed.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "stopwatch.h"

extern char **environ;

int main(int argc, char **argv)
{
	posix_spawn_file_actions_t actions;
	int failed = 0;

	if (argc < 3) {
		fprintf(stderr, "usage: many COUNT PROGRAM [ARGUMENT...]\n");
		return 2;
	}
	check("many", posix_spawn_file_actions_init(&actions), "prepare");
	check("many", posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0), "stdin");
	const long long begin = now();
	int running = atoi(argv[1]);
	for (int i = 0; i < running; i++) {
		pid_t pid;

		check("many", posix_spawnp(&pid, argv[2], &actions, NULL, argv + 2, environ), argv[2]);
	}
	for (; running > 0; running--) {
		int status;

		if (wait(&status) < 0)
			exit(1);
		if (status == 0)
			continue;
		fprintf(stderr, "many: %s: wait status 0x%x\n", argv[2], status);
		failed = 1;
	}
	printf("%lld\n", now() - begin);
	return failed;
}
