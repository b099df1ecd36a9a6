/*
 * api/dashboard: the files below /_/, which are part of the program. Private to api/.
 *
 * web/tools/pack.mjs writes the table and the pack that its places are in.
 */
#ifndef REEVE_API_DASHBOARD_H
#define REEVE_API_DASHBOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of the pack. n 0: it is not there in that coding. */
struct dashboard_place {
    uint32_t at, n;
};

/* Either plain, or gzip and br. */
struct dashboard_file {
    const char *name, *type;
    const char *tag;  /* of the content */
    bool is_hashed;   /* its name is another one once its content is */
    uint32_t n_plain; /* bytes */
    struct dashboard_place plain, gzip, br;
};

/* By name. */
extern const struct dashboard_file dashboard_files[];
extern const size_t dashboard_n_files;
extern const unsigned char dashboard_pack[];

#endif
