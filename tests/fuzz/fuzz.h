/*
 * fuzz/fuzz.h: what every fuzz target includes. A target states a property and aborts when an input
 * breaks it; sanitizers see to the rest.
 */
#ifndef REEVE_TESTS_FUZZ_H
#define REEVE_TESTS_FUZZ_H

#include "base/arena.h"
#include "base/str.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline struct str fuzz_text(const uint8_t *data, size_t size)
{
    return (struct str){(const char *)data, size};
}

/* Inputs with two parts: cuts the first line off and leaves the rest. */
static inline struct str fuzz_first_line(struct str *rest)
{
    size_t end = str_find_byte(*rest, '\n');
    struct str line = str_sub(*rest, 0, end);

    *rest = str_from(*rest, end < rest->n ? end + 1 : end);
    return line;
}

#endif
