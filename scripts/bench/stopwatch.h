/* What the stopwatches have in common. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void check(const char *program, int error, const char *step)
{
	if (error == 0)
		return;
	fprintf(stderr, "%s: %s: %s\n", program, step, strerror(error));
	exit(1);
}

/* Nanoseconds of a clock that only goes forward. */
static long long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}
