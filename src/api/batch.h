/*
 * api/batch: several writes of records in one request and one transaction (records.md 14).
 *
 * batch_read.c decodes the body, batch_item.c makes drafts of its requests, batch_unit.c runs them,
 * batch_files.c has their files, batch.c takes the call through the threads. Private to api/.
 */
#ifndef REEVE_API_BATCH_H
#define REEVE_API_BATCH_H

#include "api/internal.h"

/* A request as it was submitted. */
struct batch_request {
    struct str method, url;
    const struct json *headers; /* an object of texts and nulls; NULL: none */
    const struct json *body;    /* an object; NULL: none */
    const struct rec_upload *uploads;
    size_t n_uploads;
};

/* What could not be prepared fails where it would have run: requests before it come first. */
struct batch_try {
    struct rec_draft *draft;
    struct err *err; /* NULL: the draft is there */
};

/* What a request may turn out to be once it runs. */
enum batch_as {
    AS_SENT,   /* PUT: a create */
    AS_UPDATE, /* PUT with an id */
    BATCH_TRIES
};

struct batch_item {
    struct batch_try tries[BATCH_TRIES];
    const struct schema_col *col;
    struct str id;          /* of the record to update or delete */
    struct str upsert_id;   /* n 0: AS_SENT in any case */
    struct err *picker_err; /* told where there is an answer to pick from */
};

/* What its unit leaves where it fails. */
struct batch_refused {
    const struct batch_item *guess; /* whose old password was a wrong one; NULL: nobody's */
};

/* Lives in the call's arena. Read-only once prepared and hashed. */
struct batch {
    struct batch_item *items;
    size_t n;
    size_t n_hashed;             /* items before this one have no password left to hash */
    struct rec_matches *matches; /* what its drafts know of texts and patterns */
    uint64_t limit_us;           /* what it may take to carry it out */
    uint64_t spent_us;           /* of that, before its unit; no wait for a turn counts */
    struct batch_refused *refused;
};

/* batch_time.c: what is left of its time, 0: nothing. begun_us: clock_us() when what runs now
 * began. Any thread that has the call. */
uint64_t batch_left_us(const struct batch *batch, uint64_t begun_us);
/* What the client reads then. */
MUST_CHECK struct err *batch_late_err(struct arena *a);
/* Whether it has no draft left that could run: none of those after it comes to anything. */
bool batch_item_fails(const struct batch_item *item);

/* batch_read.c: the body's requests, all checks of records.md 14.2 passed. */
MUST_CHECK struct err *batch_read(struct api_call *call, struct batch_request **ret, size_t *ret_n);

/* What rules see of the batch's own headers, as each of its requests carries them on. */
struct batch_headers {
    struct query_pair *items;
    size_t n;
};

/* batch_item.c: with the call's read transaction open. at: its place, from 0. */
void batch_headers_init(struct api_call *call, struct batch_headers *ret);
void batch_item_init(struct api_call *call, const struct batch_headers *headers,
                     const struct batch_request *request, size_t at, struct batch_item *ret);

#define BATCH_FAILED "Batch transaction failed."

/* batch_files.c: gives each request the uploads of the body that are named after it. */
MUST_CHECK struct err *batch_files_deal(struct api_call *call, struct batch_request *requests,
                                        size_t n);
/* What it has before it; one that has failed has nothing but its turn to say so. */
enum rec_next batch_try_next(const struct batch_try *attempt);
/* Whether there are files to store, or long texts to match. */
bool batch_files_wait(const struct api_call *call);
/* Does so for all drafts, which keep their errors; a step, which fails once the batch's time is
 * over. On a thread that may block. */
struct err *batch_files_store(struct api_call *call);
/* Removes what was stored. used: of a batch that was written, which try of each item has run and
 * keeps its files; NULL: none did. */
void batch_files_discard(const struct batch *batch, const enum batch_as *used);

struct batch_written {
    struct str body;     /* the answer's JSON text */
    enum batch_as *used; /* of each item: which try has run */
};
/* batch_unit.c: a db_unit_fn; in is a struct batch, *ret_out a struct batch_written. */
struct err *batch_run(struct db_conn *tx, const void *in, struct arena *a, void **ret_out);

#endif
