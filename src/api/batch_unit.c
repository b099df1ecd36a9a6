/*
 * A batch's unit of work: its drafts one after the other, each on what those before it have left.
 *
 * The first that fails ends the unit, and with it the transaction: the answer names that one alone.
 */
#include "api/batch.h"

#include "base/limits.h"

/* Not the request's fault: the unit's caller knows what to do. */
static bool is_ours(const struct err *err)
{
    return err->kind == E_STALE || err->kind == E_GONE || err->kind == E_UNAVAILABLE ||
           err->kind == E_OVER_BUDGET;
}

static struct err *item_failed(struct arena *a, size_t at, const struct err *err)
{
    AUTO_BUF struct buf text;
    struct err *failed =
        err_new(a, E_BAD_REQUEST, BATCH_FAILED, "request %zu: %.*s", at, STR_ARG(err->cause));
    struct err_item *item = ARENA_NEW(a, struct err_item);

    buf_init(&text, LIMIT_RESPONSE_BYTES);
    BUF_ADD(&text, "\"response\":");
    err_write(&text, err);
    *item = (struct err_item){.path = arena_printf(a, "requests.%zu", at),
                              .code = STR("batch_request_failed"),
                              .message = STR("Batch request failed."),
                              .extra = arena_dup(a, buf_str(&text))};
    failed->items = item;
    return failed;
}

/* An upsert updates the record that is there by now. */
static struct err *choose(struct db_conn *tx, const struct batch_item *item, struct arena *a,
                          bool *ret_updates)
{
    struct rec *rec = NULL;
    struct err *err = NULL;

    if (item->upsert_id.n > 0)
        err = rec_find(a, tx, item->col, item->upsert_id, &rec);
    if (!err)
        *ret_updates = rec != NULL;
    return err;
}

static struct err *write_body(const struct batch_item *item, struct arena *a, struct str body,
                              struct buf *out)
{
    if (body.n == 0) {
        BUF_ADD(out, "{\"body\":null,\"status\":204}");
        return NULL;
    }
    if (item->picker_err)
        return item->picker_err;
    BUF_ADD(out, "{\"body\":");
    if (item->picker) {
        struct err *err = query_pick(a, item->picker, body, out);

        if (err)
            return err;
    } else {
        buf_add(out, body);
    }
    BUF_ADD(out, ",\"status\":200}");
    return NULL;
}

static struct err *run_item(struct db_conn *tx, const struct batch_item *item, struct arena *a,
                            bool *ret_updated, struct buf *out)
{
    const struct rec_written *written;
    const struct batch_try *chosen;
    struct err *err;
    void *result;

    err = choose(tx, item, a, ret_updated);
    if (err)
        return err;
    chosen = *ret_updated ? &item->as_update : &item->as_sent;
    if (chosen->err)
        return chosen->err;
    err = rec_draft_run(tx, chosen->draft, a, &result);
    if (err)
        return err;
    written = result;
    return write_body(item, a, written->body, out);
}

struct err *batch_run(struct db_conn *tx, const void *in, struct arena *a, void **ret_out)
{
    const struct batch *batch = in;
    struct batch_written *written = ARENA_NEW(a, struct batch_written);
    AUTO_BUF struct buf out;
    struct err *err;

    buf_init(&out, LIMIT_RESPONSE_BYTES);
    written->updated = ARENA_ARRAY(a, bool, batch->n);
    BUF_ADD(&out, "[");
    for (size_t i = 0; i < batch->n; i++) {
        if (i > 0)
            BUF_ADD(&out, ",");
        err = run_item(tx, &batch->items[i], a, &written->updated[i], &out);
        if (err)
            return is_ours(err) ? err : item_failed(a, i, err);
    }
    BUF_ADD(&out, "]");
    if (out.full)
        return err_new(a, E_INTERNAL, NULL, "the answer is over its limit");
    written->body = arena_dup(a, buf_str(&out));
    *ret_out = written;
    return NULL;
}
