/*
 * A batch's unit of work: its drafts one after the other, each on what those before it have left.
 *
 * The first that fails ends the unit, and with it the transaction: the answer names that one alone.
 */
#include "api/batch.h"
#include "api/rate.h"

#include "base/date.h"
#include "base/limits.h"

/* As the batch's answer tells it. What is not the request's fault is told as it is: the unit's
 * caller knows what to do. */
static struct err *item_failed(struct arena *a, size_t at, struct err *err)
{
    AUTO_BUF struct buf text;
    struct err *failed;

    buf_init(&text, LIMIT_RESPONSE_BYTES);
    if (err->kind == E_STALE || err->kind == E_GONE || err->kind == E_UNAVAILABLE ||
        err->kind == E_OVER_BUDGET)
        return err;
    BUF_ADD(&text, "\"response\":");
    err_write(&text, err);
    failed = err_new(a, E_BAD_REQUEST, BATCH_FAILED, "request %zu: %.*s", at, STR_ARG(err->cause));
    failed->items = ARENA_NEW(a, struct err_item);
    *failed->items = (struct err_item){.path = arena_printf(a, "requests.%zu", at),
                                       .code = STR("batch_request_failed"),
                                       .message = STR("Batch request failed."),
                                       .extra = arena_dup(a, buf_str(&text))};
    return failed;
}

static struct err *write_result(const struct batch_item *item, struct str body, struct buf *out)
{
    if (body.n == 0) {
        BUF_ADD(out, "{\"body\":null,\"status\":204}");
        return NULL;
    }
    if (item->picker_err)
        return item->picker_err;
    BUF_ADD(out, "{\"body\":");
    buf_add(out, body);
    BUF_ADD(out, ",\"status\":200}");
    return NULL;
}

/* An upsert updates the record that is there by now. */
static struct err *run_item(struct db_conn *tx, const struct batch_item *item, struct arena *a,
                            enum batch_as *ret_used, struct buf *out)
{
    const struct rec_written *written;
    const struct batch_try *chosen;
    struct rec *rec = NULL;
    struct err *err = NULL;
    void *result;

    if (item->upsert_id.n > 0)
        err = rec_find(a, tx, item->col, item->upsert_id, &rec);
    if (err)
        return err;
    *ret_used = rec ? AS_UPDATE : AS_SENT;
    chosen = &item->tries[*ret_used];
    if (chosen->err)
        return chosen->err;
    err = rec_draft_run(tx, chosen->draft, a, &result);
    if (err)
        return err;
    written = result;
    if (!written->now) /* its files are nobody's, where a listener has kept it from being written */
        *ret_used = BATCH_TRIES;
    return write_result(item, written->body, out);
}

struct err *batch_run(struct db_conn *tx, const void *in, struct arena *a, void **ret_out)
{
    const uint64_t begun_us = clock_us();
    const struct batch *batch = in;
    struct batch_written *written = ARENA_NEW(a, struct batch_written);
    AUTO_BUF struct buf out;
    struct err *err;

    buf_init(&out, LIMIT_RESPONSE_BYTES);
    written->used = ARENA_ARRAY(a, enum batch_as, batch->n);
    BUF_ADD(&out, "[");
    for (size_t i = 0; i < batch->n; i++) {
        if (i > 0)
            BUF_ADD(&out, ",");
        err = run_item(tx, &batch->items[i], a, &written->used[i], &out);
        if (err) {
            batch->refused->guess = rate_is_wrong_password(err) ? &batch->items[i] : NULL;
            return item_failed(a, i, err);
        }
        if (!batch_left_us(batch, begun_us))
            return batch_late_err(a);
    }
    BUF_ADD(&out, "]");
    if (out.full)
        return err_new(a, E_INTERNAL, NULL, "the answer is over its limit");
    written->body = arena_dup(a, buf_str(&out));
    *ret_out = written;
    return NULL;
}
