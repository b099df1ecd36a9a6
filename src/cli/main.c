/*
 * reeve: picks the command and runs it.
 */
#include "cli/commands.h"

#include "base/limits.h"
#include "base/log.h"

#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

#define REEVE_VERSION "0.40.6"

/* Blocks from here on are mapped, and given back to the system when freed. Without this glibc
 * raises the mark to the largest block it has seen freed, and every thread keeps some as large as
 * that. */
#define MAPPED_BYTES (512 * KIB)

/* clang-format off */
static const struct {
    const char *name;
    int (*run)(struct arena *a, const struct options *options);
} commands[] = {
    {"serve", command_serve},
    {"superuser", command_superuser},
    {"schema", command_schema},
    {"explain", command_explain},
    {"files", command_files},
    {"backup", command_backup},
};
/* clang-format on */

static int run(struct arena *a, const struct options *options)
{
    if (options->version) {
        printf("%.*s version %s\n", STR_ARG(options->exe), REEVE_VERSION);
        return 0;
    }
    if (options->help || options->n_words == 0) {
        options_usage(options);
        return 0;
    }
    for (size_t i = 0; i < COUNT_OF(commands); i++)
        if (str_eq(options->words[0], str_of(commands[i].name)))
            return commands[i].run(a, options);
    return command_fail("unknown command \"%.*s\" for \"%.*s\"", STR_ARG(options->words[0]),
                        STR_ARG(options->exe));
}

int main(int argc, char **argv)
{
    AUTO(arena_free) struct arena *a = arena_new();
    struct options options;
    struct str why;

    umask(S_IRWXG | S_IRWXO); /* all that we make is the data directory, or lies in it */
    (void)mallopt(M_MMAP_THRESHOLD, MAPPED_BYTES); /* refused: memory is kept longer, no more */
    signal(SIGCHLD, SIG_DFL); /* whoever started us may ignore it: then no child's end is told */
    signal(SIGPIPE, SIG_IGN); /* a peer that left is an error of the write */
    if (!options_parse(a, argc, argv, &options, &why)) {
        bool unknown_for_command = options.n_words > 0;

        if (!unknown_for_command)
            options_usage(&options);
        return command_fail("%.*s", STR_ARG(why));
    }
    log_set_level(options.dev ? LOG_DEBUG : LOG_INFO);
    return run(a, &options);
}
