/*
 * cli/options: the command line (services.md 16), as a table of flags.
 */
#ifndef REEVE_CLI_OPTIONS_H
#define REEVE_CLI_OPTIONS_H

#include "base/arena.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

struct db_ops;
struct events;

struct options {
    struct str exe; /* file name of the executable, for messages */
    char **argv;    /* all words as they were given, for a restart */
    /* every command's */
    struct str dir, encryption_env, hooks_dir, migrations_dir, public_dir;
    bool dev, hooks_watch, automigrate, index_fallback, open;
    int64_t query_timeout_s, hooks_pool;
    struct str durability; /* "full" or "normal" */
    bool help, version;
    /* serve's */
    struct str http, https, origins, allow_missing;
    struct str node; /* empty: the host's name */
    int64_t shutdown_ms, threads;
    int64_t memory; /* bytes; 0: worked out from the machine's */
    /* explain's */
    struct str as;
    /* files' */
    bool fix, remove;
    struct str to;
    /* what is no flag: command, sub-command, their arguments */
    struct str *words;
    size_t n_words;
    /* no flags: what a program that has the commands inside puts in; outlives the command */
    const struct db_ops *engine; /* NULL: SQLite */
    const struct events *events; /* NULL: nobody listens */
};

/* argv without its first word. False: *ret_why says what is wrong, as a line for standard error. */
bool options_parse(struct arena *a, int argc, char **argv, struct options *ret,
                   struct str *ret_why);
/* The usage text, on standard output. */
void options_usage(const struct options *options);

#endif
