/*
 * http/answers: handlers of the test server whose answers are no text in memory.
 */
#ifndef REEVE_TESTS_HTTP_ANSWERS_H
#define REEVE_TESTS_HTTP_ANSWERS_H

#include "http/req.h"

#include <stdatomic.h>

extern atomic_uint n_streams; /* open */

/* `n` bytes of the alphabet, over and over. */
void answer_borrowed(struct req *req);
/* ?path=…&at=…&n=… of a file. */
void answer_file(struct req *req);
/* ?n=…&size=…: so many pieces at once, and the end, unless keep=1: then it stays open until the
 * client leaves or the server stops. With paced=1 nothing is written while something waits. */
void answer_stream(struct req *req);

#endif
