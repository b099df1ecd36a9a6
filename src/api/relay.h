/*
 * api/relay: a stored file on its way from another server to a client.
 */
#ifndef REEVE_API_RELAY_H
#define REEVE_API_RELAY_H

#include "files/files.h"
#include "http/req.h"

/* n bytes from `at` on of a file that is elsewhere. */
struct relayed {
    struct file_opened file; /* place NULL: nothing is to be relayed */
    uint64_t at, n;
};
/* In place of req_send(), on the request's loop: sends the head, which tells the size, and the
 * bytes as they come. The file is closed in the end, whatever becomes of it; should the other
 * server fail, the connection ends early. */
void relay_send(struct req *req, const struct relayed *take_relayed);

#endif
