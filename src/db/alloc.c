/*
 * Memory of handles that live and die singly: databases, connections, statements. All else is an
 * arena's.
 */
#include "db/engine.h"

#include "base/compiler.h"

#include <stdlib.h>

void *db_alloc(size_t n)
{
    void *p = calloc(1, n);

    if (!p)
        BUG("out of memory");
    return p;
}

void db_free(void *p)
{
    free(p);
}
