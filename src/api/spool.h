/*
 * api/spool: a multipart body on its way to disk. Files go into temporary files as they come,
 * texts stay in memory.
 *
 * A spool belongs to whoever has its request; all but spool_close() may block.
 */
#ifndef REEVE_API_SPOOL_H
#define REEVE_API_SPOOL_H

#include "base/buf.h"
#include "http/body.h"

/* Where temporary files are made, and who removes them. */
struct spool_conf {
    /* A path that a name is appended to; blocks. */
    struct err *(*temp_path)(void *user, struct arena *a, struct str *ret);
    /* Has the file removed soon, if it is still there; any thread, does not block. */
    void (*remove)(void *user, struct str path);
    void *user;
};

struct spool;
/* conf and content_type are kept until spool_close(). */
struct spool *spool_open(const struct spool_conf *conf, struct str content_type);
/* Has what is left of it removed. NULL is fine. */
void spool_close(struct spool *spool);

/* Takes what it can off the front of `bytes`; last: all has come. After a failure it takes all. */
void spool_feed(struct spool *spool, struct buf *bytes, bool last);

/* Bytes of memory that it holds. */
size_t spool_held(const struct spool *spool);
/* For want of memory or of a thread: SPOOL_NO_ROOM from here on. */
void spool_give_up(struct spool *spool);

enum spool_state {
    SPOOL_GOOD,
    SPOOL_MALFORMED, /* or over a limit */
    SPOOL_NO_ROOM,   /* a temporary file cannot be written, or memory or threads are short */
};
enum spool_state spool_state(const struct spool *spool);
/* The parts, once the last piece was fed; they live as long as the spool. */
struct body_parts spool_parts(const struct spool *spool);

#endif
