/*
 * A stopwatch for command lines: spawning from a small process, not from Node's own memory, adds well under a millisecond.
 *
 *   spawn PROGRAM [ARGUMENT...]
 *
 * For each line on stdin it runs PROGRAM once, its stdin and stdout on /dev/null, and prints the nanoseconds from before
 * it is spawned until its exit is known. A PROGRAM that fails ends it with status 1.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "stopwatch.h"

extern char **environ;

static long long run(char *const *argv, const posix_spawn_file_actions_t *actions)
{
	const long long begin = now();
	pid_t pid;
	int status;

	check("spawn", posix_spawnp(&pid, argv[0], actions, NULL, argv, environ), argv[0]);
	if (waitpid(pid, &status, 0) < 0)
		exit(1);
	const long long spent = now() - begin;

	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
		fprintf(stderr, "spawn: %s: wait status 0x%x\n", argv[0], status);
		exit(1);
	}
	return spent;
}

int main(int argc, char **argv)
{
	posix_spawn_file_actions_t actions;
	char *line = NULL;
	size_t capacity = 0;

	if (argc < 2) {
		fprintf(stderr, "usage: spawn PROGRAM [ARGUMENT...]\n");
		return 2;
	}
	check("spawn", posix_spawn_file_actions_init(&actions), "prepare");
	check("spawn", posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0), "stdin");
	check("spawn", posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0), "stdout");
	while (getline(&line, &capacity, stdin) >= 0) {
		printf("%lld\n", run(argv + 1, &actions));
		fflush(stdout);
	}
	free(line);
	return 0;
}
