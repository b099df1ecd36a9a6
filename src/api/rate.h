/*
 * api/rate: limits of requests (services.md 11). Private to api/.
 *
 * What is limited: a route, by its path; a route of a collection, by its tags too; each request of
 * a batch. A call that begins anew was counted before, so it keeps what it was told.
 */
#ifndef REEVE_API_RATE_H
#define REEVE_API_RATE_H

#include "api/internal.h"

/* What is counted; further uses have a row of their own. */
enum rate_kind {
    RATE_PATH,
    RATE_COLLECTION,
    RATE_BATCH,
    RATE_EMPTY_LIST,
    RATE_CODE,
    RATE_PASSWORD
};

/* Counts one use of a thing (a hash) by the call's client, of IPv6 a network, whether or not the
 * settings limit anything: false beyond `max` in a window of so many seconds. Saved settings begin
 * anew. A step that runs again counts again: whoever asks keeps the answer in the call. Any thread
 * that has it.
 */
MUST_CHECK bool rate_use(const struct api_call *call, enum rate_kind kind, uint64_t thing,
                         int64_t duration_s, int64_t max);

/* Once it is known who asks: E_TOO_MANY beyond the limit. Where its path names no collection, or
 * one that has no such route, the route itself says so. Any thread that has the call. */
MUST_CHECK struct err *rate_check(struct api_call *call);

/* A batch's request, at its place from 0, in their order. skip: it is not counted, nor any after
 * it, since one before it fails. path: not decoded. */
struct rate_item {
    size_t at;
    bool skip;
    const struct schema_col *col;
    const char *tag;
    struct str method, path;
};
MUST_CHECK struct err *rate_check_item(struct api_call *call, const struct rate_item *item);

/* A list that was filtered and has no items: how long its answer is to wait, so that rules which
 * hide records are not sounded out by time; 0: not at all. */
unsigned rate_empty_list_ms(struct api_call *call, const struct schema_col *col);

/* A one-time password of an account (a hash) is tried, be it the right one: E_TOO_MANY beyond the
 * limit, which is always on (auth.md 5.6). */
MUST_CHECK struct err *rate_check_code(struct api_call *call, uint64_t account);

/* What an account's tries are counted under: a record's id, or the name that somebody goes by. */
uint64_t rate_account(const struct schema_col *col, struct str name);
/* A wrong password for an account: how long its answer is to wait, where the settings say
 * so; the longer, the more of them have been tried lately, by whomever. Only wrong ones wait, so
 * nobody keeps the owner out. Any thread that has the call. */
unsigned rate_wrong_password_ms(const struct api_call *call, uint64_t account);
/* Whether a write was refused for an oldPassword that is not the record's: of who may write it at
 * all, so that nobody else learns anything by the time that it takes. */
bool rate_is_wrong_password(const struct err *err);

#endif
