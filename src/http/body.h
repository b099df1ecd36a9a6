/*
 * http/body: form bodies into pairs (records.md 3.3). JSON is base/json's.
 */
#ifndef REEVE_HTTP_BODY_H
#define REEVE_HTTP_BODY_H

#include "base/arena.h"
#include "base/str.h"
#include "http/req.h"

#include <stdbool.h>

struct body_part {
    struct str name;
    struct str filename; /* p NULL: a text value */
    struct str content_type;
    struct str value;
};

struct body_parts {
    struct body_part *items;
    size_t n;
};

/* multipart/form-data (RFC 7578) held in memory; parts point into `body`. False: malformed. */
bool body_parse_multipart(struct arena *a, struct str content_type, struct str body,
                          struct body_parts *ret);

#endif
