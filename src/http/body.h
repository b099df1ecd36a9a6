/*
 * http/body: form bodies into parts (records.md 3.3), whole or as they come. JSON is base/json's.
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
    struct str value; /* p NULL: `path` has it */
    struct str path;  /* of a temporary file */
    uint64_t size;    /* of that */
    unsigned char md5[16];
};

struct body_parts {
    struct body_part *items;
    size_t n;
};

/* multipart/form-data (RFC 7578) held in memory; parts point into `body`. False: malformed. */
bool body_parse_multipart(struct arena *a, struct str content_type, struct str body,
                          struct body_parts *ret);

/* The same from a body that comes in pieces. A sink is told of a part's head, whose slices live
 * until it returns, of its content in as many pieces as it comes, and of its end; it may end it all
 * by returning false. */
struct body_sink {
    void *user;
    bool (*begin)(void *user, const struct body_part *head);
    bool (*data)(void *user, struct str piece);
    bool (*end)(void *user);
};
struct body_stream;
/* NULL: no boundary in the content type. sink is kept. */
struct body_stream *body_stream_new(struct arena *a, struct str content_type,
                                    const struct body_sink *sink);
/* bytes: what was not used the last time, and what came since; last: all has come. Never leaves
 * more than BODY_STREAM_KEEPS bytes unused. False: malformed, or the sink has ended it. */
#define BODY_STREAM_KEEPS ((size_t)64 * 1024)
MUST_CHECK bool body_stream_feed(struct body_stream *stream, struct str bytes, bool last,
                                 size_t *ret_used);

#endif
