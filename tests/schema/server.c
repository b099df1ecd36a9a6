/*
 * The whole server on an engine whose Nth call fails (tests/engine/fault.h), which whoever runs it
 * chooses while it runs: `serve` and `superuser` with their flags, and from the environment
 *
 *   REEVE_TEST_FAULT       a file that the fault's struct is mapped to; none without it. Where its
 *                          counters begin (n_calls, fail_at, n_failed) is printed: "faults at N"
 *   REEVE_TEST_FAULT_ENDS  if it is there, a failing call takes its transaction along
 */
#include "base/log.h"
#include "cli/commands.h"
#include "engine/fault.h"

#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* NULL: the file cannot be had. */
static struct db_fault *map_fault(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    void *at = MAP_FAILED;

    if (fd >= 0 && ftruncate(fd, sizeof(struct db_fault)) == 0)
        at = mmap(NULL, sizeof(struct db_fault), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (fd >= 0)
        close(fd);
    return at == MAP_FAILED ? NULL : at;
}

static bool set_up(struct options *options)
{
    const char *path = getenv("REEVE_TEST_FAULT");
    struct db_fault *fault = path ? map_fault(path) : NULL;

    if (!fault)
        return !path;
    db_fault_init(fault, &db_ops_sqlite,
                  getenv("REEVE_TEST_FAULT_ENDS") ? FAULT_ENDS_TX : FAULT_ERROR);
    options->engine = &fault->ops;
    printf("faults at %zu\n", offsetof(struct db_fault, n_calls));
    return fflush(stdout) == 0;
}

int main(int argc, char **argv)
{
    AUTO(arena_free) struct arena *a = arena_new();
    struct options options;
    struct str why;

    umask(S_IRWXG | S_IRWXO);
    signal(SIGPIPE, SIG_IGN);
    if (!options_parse(a, argc, argv, &options, &why))
        return command_fail("%.*s", STR_ARG(why));
    if (!set_up(&options) || options.n_words == 0)
        return command_fail("serve or superuser, and an environment that is right");
    log_set_level(options.dev ? LOG_DEBUG : LOG_INFO);
    return str_eq(options.words[0], STR("serve")) ? command_serve(a, &options)
                                                  : command_superuser(a, &options);
}
