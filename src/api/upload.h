/*
 * api/upload: multipart bodies on their way in. Of one that stays small the bytes are kept, and
 * read like any other body's; beyond LIMIT_SPOOL_BYTES pool threads take it piece by piece to disk
 * (spool.h), while nothing more is read.
 */
#ifndef REEVE_API_UPLOAD_H
#define REEVE_API_UPLOAD_H

#include "api/api.h"
#include "api/spool.h"
#include "http/req.h"

/* For a request of which the head is there: its sink, or NULL where its body is no form that may be
 * large. On its loop. */
const struct req_sink *upload_sink(const struct api *api, struct req *req);
/* What has gone to disk of the request's body; NULL: nothing. */
const struct spool *upload_spool(const struct req *req);

#endif
