/*
 * unit/random_site.h: collections, rows and filters made from a seed, added to the site of
 * unit/site.h. The same seed makes the same. Collections q0 … q3 have a field of each kind that
 * paths treat in a way of its own, relations among each other, to themselves and to users; values
 * dangle, repeat, are empty or are no list. q3 may have more rows than a query asks all of.
 */
#ifndef REEVE_TESTS_RANDOM_SITE_H
#define REEVE_TESTS_RANDOM_SITE_H

#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>

/* The first are tables, the others views of them. */
enum { RANDOM_TABLES = 4, RANDOM_COLS = 6, RANDOM_RELATIONS = 7, RANDOM_LARGE = 2010 };

struct random_relation {
    const char *name;
    bool multiple, unique;
    unsigned target; /* RANDOM_COLS: users */
};

struct random_site {
    uint64_t state; /* of the generator */
    bool is_large;  /* q3 is */
    unsigned n_rows[RANDOM_COLS];
    unsigned of[RANDOM_COLS]; /* the table whose records a view has */
    unsigned pal, many;       /* where the users' relations of these names lead */
    struct random_relation relations[RANDOM_COLS][RANDOM_RELATIONS];
};

/* Uniform in [0, bound). */
unsigned random_site_below(struct random_site *gen, unsigned bound);
/* Adds collections and rows; site_setup() came before. */
void random_site_add(struct random_site *gen, uint64_t seed);
/* Appends a filter for q<col>: comparisons of paths, literals, macros and the request. */
void random_site_filter(struct random_site *gen, unsigned col, struct buf *out);
/* Appends a sort for q<col>, or nothing. */
void random_site_sort(struct random_site *gen, unsigned col, struct buf *out);

#endif
