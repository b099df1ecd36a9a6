/*
 * api/journal: what the log book is told of a call. Private to this folder.
 */
#ifndef REEVE_API_JOURNAL_H
#define REEVE_API_JOURNAL_H

#include "api/internal.h"

/* What the request is known by, in its answer and its log entry: what its X-Request-Id says, where
 * that is letters, digits and -_.:/+=@, 128 of them at most; else one of our own. Whoever has the
 * call. */
struct str journal_id(struct api_call *call);
/* The answer is there, and is not sent yet; err: it is an error's. On the loop. */
void journal_add(struct api_call *call, const struct err *err);

#endif
