/*
 * api/serve: a file as an answer, by what the request's conditions and ranges leave of it
 * (services.md 3.4, 14.1).
 */
#ifndef REEVE_API_SERVE_H
#define REEVE_API_SERVE_H

#include "api/internal.h"

struct serve_file {
    struct file_opened file; /* the answer's from here on */
    struct str name;         /* as the client is to keep it */
    const char *cache;       /* Cache-Control; NULL: nothing is said */
    bool is_private;         /* for who asks, so for no cache that others share */
    const char *encoding;    /* Content-Encoding; NULL: the bytes are what the type says */
    struct str etag;         /* strong, quoted; empty: there is none */
};
/* Each fills in the answer, or what is to be relayed as it. On the loop or a pool thread. */

/* A stored file: what a browser could take for a page of ours is an attachment without rights. */
void serve_file(struct api_call *call, struct serve_file *served);
/* A file of the type that it says, unless the answer has one already. */
void serve_content(struct api_call *call, struct serve_file *served);

#endif
