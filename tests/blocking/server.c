/*
 * The whole server on an engine whose calls block (tests/engine/blocking.h), for the suites that
 * run a binary from outside: `serve` and `superuser` with their flags, and from the environment
 *
 *   REEVE_TEST_TRIP_US   how long a round trip to the database takes; 0 where it is not there
 *   REEVE_TEST_TRIPS     a file that a line is added to for each transaction; none without it
 */
#include "base/log.h"
#include "base/num.h"
#include "cli/commands.h"
#include "engine/blocking.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static bool set_up(struct db_blocking *engine)
{
    const char *trip_us = getenv("REEVE_TEST_TRIP_US");
    const char *trips = getenv("REEVE_TEST_TRIPS");
    uint64_t us = 0;

    if (trip_us && (!num_parse_u64(str_of(trip_us), &us) || us > 10000000))
        return false;
    db_blocking_init(engine, &db_ops_sqlite);
    engine->delay_us = (unsigned)us;
    if (trips)
        engine->log_fd = open(trips, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    return !trips || engine->log_fd >= 0;
}

int main(int argc, char **argv)
{
    AUTO(arena_free) struct arena *a = arena_new();
    struct db_blocking engine;
    struct options options;
    struct str why;

    umask(S_IRWXG | S_IRWXO);
    signal(SIGPIPE, SIG_IGN);
    if (!options_parse(a, argc, argv, &options, &why))
        return command_fail("%.*s", STR_ARG(why));
    if (!set_up(&engine) || options.n_words == 0)
        return command_fail("serve or superuser, and an environment that is right");
    options.engine = &engine.ops;
    log_set_level(options.dev ? LOG_DEBUG : LOG_INFO);
    return str_eq(options.words[0], STR("serve")) ? command_serve(a, &options)
                                                  : command_superuser(a, &options);
}
