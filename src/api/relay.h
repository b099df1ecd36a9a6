/*
 * api/relay: a stored file on its way from another server to a client.
 */
#ifndef REEVE_API_RELAY_H
#define REEVE_API_RELAY_H

#include "files/files.h"
#include "http/req.h"

/* Parts of a file that is elsewhere, with the texts before them, as those of req_answer_parts(). */
struct relayed {
    struct file_opened file;       /* place NULL: nothing is to be relayed */
    const struct resp_part *parts; /* in the request's arena */
    size_t n_parts;
};
/* In place of req_send(), on the request's loop: sends the head, which tells the size, and the
 * bytes as they come; the texts are in resp.body. The file is closed in the end, whatever becomes
 * of it; should the other server fail, the connection ends early. */
void relay_send(struct req *req, const struct relayed *take_relayed);

#endif
