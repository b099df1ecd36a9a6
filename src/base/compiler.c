/*
 * How the process ends when one of our own promises is broken.
 */
#include "base/compiler.h"

#include <stdio.h>
#include <stdlib.h>

void bug_at(const char *what, const char *file, int line)
{
    (void)fprintf(stderr, "bug: %s at %s:%d\n", what, file, line); /* nobody left to tell */
    abort();
}
