/*
 * http/sink: a body that the test server does not gather: pieces of PIECE_BYTES are looked at by a
 * pool thread, while nothing more is read.
 */
#ifndef REEVE_TESTS_HTTP_SINK_H
#define REEVE_TESTS_HTTP_SINK_H

#include "http/req.h"

#define SINK_PIECE_BYTES ((size_t)256 * 1024)

/* For multipart bodies; NULL: in memory. */
const struct req_sink *sink_for(struct pool *pool, struct req *req);
/* Bytes that it has been given, and their sum; false: the request has no sink. */
bool sink_seen(const struct req *req, uint64_t *ret_n, uint64_t *ret_sum);

#endif
