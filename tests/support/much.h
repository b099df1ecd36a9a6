/*
 * How much of something a test does: all of it in `./dev test --all`, less where changes wait for
 * it.
 */
#ifndef REEVE_TESTS_SUPPORT_MUCH_H
#define REEVE_TESTS_SUPPORT_MUCH_H

#include <stdlib.h>

static inline unsigned much(unsigned all, unsigned usual)
{
    return getenv("REEVE_TEST_ALL") ? all : usual;
}

#endif
