/*
 * reeve files check|move: looking after what is stored beside the database.
 */
#include "cli/files.h"

#include "cli/commands.h"

int command_files(struct arena *a, const struct options *options)
{
    static const struct {
        const char *name;
        int (*run)(struct arena *a, const struct options *options);
    } table[] = {{"check", files_check}, {"move", files_move}};

    for (size_t i = 0; i < COUNT_OF(table) && options->n_words == 2; i++)
        if (str_eq(options->words[1], str_of(table[i].name)))
            return table[i].run(a, options);
    return command_fail("usage: %.*s files check [--fix], or files move --to s3|local [--remove]",
                        STR_ARG(options->exe));
}
