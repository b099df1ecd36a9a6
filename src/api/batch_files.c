/*
 * Files of a batch: which part of the form belongs to which request, and what is stored for them.
 */
#include "api/batch.h"

#include "base/date.h"
#include "base/map.h"

/* --- dealing -------------------------------------------------------------------------------- */

/* Whose file it is, and of which field: "requests.3.avatar", "requests[3].avatar". A place is
 * written as a number is: no sign, no zeros before it. */
static bool find_request(struct str key, size_t n, size_t *ret, struct str *ret_key)
{
    const bool dotted = str_starts(key, STR("requests."));
    const struct str end = dotted ? STR(".") : STR("].");
    struct str rest = str_from(key, STR("requests.").n);
    size_t place = 0, digits = 0;

    if (!dotted && !str_starts(key, STR("requests[")))
        return false;
    while (digits < rest.n && rest.p[digits] >= '0' && rest.p[digits] <= '9' && place < n)
        place = place * 10 + (size_t)(rest.p[digits++] - '0');
    if (digits == 0 || place >= n || (digits > 1 && rest.p[0] == '0'))
        return false;
    rest = str_from(rest, digits);
    if (!str_starts(rest, end))
        return false;
    *ret = place;
    *ret_key = str_from(rest, end.n);
    return true;
}

/* Each request travels as a form of its own, whose files have the names that the batch's form gave
 * them: so names are made twice. */
static struct err *rename_upload(struct arena *a, struct rec_upload *upload)
{
    struct str head;
    struct err *err = file_head(a, &upload->content, &head);

    if (!err)
        upload->name = file_name(a, upload->name, file_sniff(head).extension);
    return err;
}

/* A file takes the place of what the body has under its very key. */
static const struct json *without_files(struct arena *a, const struct batch_request *request)
{
    struct map files = {0};
    struct json *left;
    struct json_member *members;
    size_t n = 0;

    if (!request->body || request->n_uploads == 0)
        return request->body;
    members = ARENA_ARRAY(a, struct json_member, request->body->n);
    for (size_t i = 0; i < request->n_uploads; i++)
        map_put(a, &files, request->uploads[i].key, members);
    for (uint32_t i = 0; i < request->body->n; i++)
        if (!map_find(&files, request->body->members[i].key))
            members[n++] = request->body->members[i];
    left = ARENA_NEW(a, struct json);
    *left = json_of_object(members, n);
    return left;
}

struct err *batch_files_deal(struct api_call *call, struct batch_request *requests, size_t n)
{
    struct rec_upload **lists = ARENA_ARRAY(call->arena, struct rec_upload *, n);
    struct str key;
    size_t at;

    for (size_t i = 0; i < call->n_uploads; i++)
        if (find_request(call->uploads[i].key, n, &at, &key))
            requests[at].n_uploads++;
    for (size_t i = 0; i < n; i++) {
        if (requests[i].n_uploads > 0)
            lists[i] = ARENA_ARRAY(call->arena, struct rec_upload, requests[i].n_uploads);
        requests[i].uploads = lists[i];
    }
    for (size_t i = 0; i < call->n_uploads; i++) {
        struct rec_upload *upload;
        struct err *err;

        if (!find_request(call->uploads[i].key, n, &at, &key))
            continue;
        upload = lists[at]++;
        *upload = call->uploads[i];
        upload->key = key;
        err = rename_upload(call->arena, upload);
        if (err)
            return err;
    }
    for (size_t i = 0; i < n; i++)
        requests[i].body = without_files(call->arena, &requests[i]);
    return NULL;
}

/* --- storing -------------------------------------------------------------------------------- */

enum rec_next batch_try_next(const struct batch_try *attempt)
{
    return attempt->draft && !attempt->err ? rec_draft_next(attempt->draft) : REC_RUN;
}

bool batch_item_fails(const struct batch_item *item)
{
    for (size_t t = 0; t < BATCH_TRIES; t++)
        if (item->tries[t].draft && !item->tries[t].err)
            return false;
    return true;
}

bool batch_files_wait(const struct api_call *call)
{
    const struct batch *batch = call->state;

    for (size_t i = 0; i < batch->n; i++)
        for (size_t t = 0; t < BATCH_TRIES; t++)
            if (batch_try_next(&batch->items[i].tries[t]) <= REC_STORE)
                return true;
    return false;
}

struct err *batch_files_store(struct api_call *call)
{
    const uint64_t begun_us = clock_us();
    struct batch *batch = call->state;

    for (size_t i = 0; i < batch->n && !atomic_load(&call->req->gone); i++) {
        for (size_t t = 0; t < BATCH_TRIES; t++) {
            struct batch_try *attempt = &batch->items[i].tries[t];

            while (batch_try_next(attempt) <= REC_STORE)
                attempt->err = rec_draft_go_on(call->arena, attempt->draft);
        }
        if (!batch_left_us(batch, begun_us))
            return batch_late_err(call->arena);
        if (batch_item_fails(&batch->items[i]))
            break;
    }
    batch->spent_us += clock_us() - begun_us;
    return NULL;
}

void batch_files_discard(const struct batch *batch, const enum batch_as *used)
{
    for (size_t i = 0; i < batch->n; i++)
        for (size_t t = 0; t < BATCH_TRIES; t++) {
            const struct batch_try *attempt = &batch->items[i].tries[t];

            if (attempt->draft && !(used && used[i] == t))
                rec_draft_discard(attempt->draft);
        }
}
