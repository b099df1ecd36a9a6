/*
 * Where programs of the tests put files for a while.
 */
#ifndef REEVE_TESTS_SUPPORT_TEMP_H
#define REEVE_TESTS_SUPPORT_TEMP_H

#include <stdio.h>
#include <stdlib.h>

/* A path's most characters, with its NUL: short enough for a socket in such a folder, too. */
#define TEMP_SIZE 80

/* What mkdtemp() and mkostemp() make a name of, in TMPDIR or, where there is none, /tmp. */
static inline char *temp_path(char path[TEMP_SIZE], const char *name)
{
    const char *folder = getenv("TMPDIR");
    int n;

    n = snprintf(path, TEMP_SIZE, "%s/reeve-%s-XXXXXX", folder && *folder ? folder : "/tmp", name);
    if (n < 0 || n >= TEMP_SIZE)
        abort(); /* TMPDIR is too long */
    return path;
}

#endif
