/*
 * JSON bodies of records. A body becomes a draft or an error that can be written; each of its
 * values, converted by a field of every type, is stored as a cell that is written as JSON, loads
 * again, and stays what it is when that is repeated.
 */
#include "fuzz/fuzz.h"

#include "base/json.h"
#include "base/limits.h"
#include "fuzz/site.h"
#include "records/records.h"

static void field_keeps(struct arena *a, const struct schema_field *field, const struct json *in)
{
    struct value value = field->type->accept(a, field, in);
    struct db_value cell = field->type->store(a, field, &value);
    struct value loaded = field->type->load(a, field, cell);
    struct db_value again = field->type->store(a, field, &loaded);
    struct value reloaded = field->type->load(a, field, again);
    struct err *err = NULL;
    struct buf out;

    field->type->check(a, field, &value, &err);
    if (!field_value_eq(&loaded, &reloaded))
        abort();
    buf_init(&out, 64 * MIB);
    field->type->write(a, &out, field, again);
    if (!json_valid(buf_str(&out), &json_limits_stored))
        abort();
    buf_done(&out);
}

static void fields_keep(struct arena *a, const struct schema_col *col, const struct json *body)
{
    for (size_t i = 0; i < body->n; i++)
        for (size_t k = 0; k < col->n_fields; k++)
            if (col->fields[k].type->kind != FIELD_PASSWORD) /* its hash takes its time */
                field_keeps(a, &col->fields[k], &body->members[i].value);
}

static void make_draft(struct arena *a, const struct rec_actor *actor, const struct schema_col *col,
                       enum rec_action action, const struct json *body)
{
    const struct rec_request request = {
        .action = action, .actor = actor, .col = col, .id = STR("post00000000001"), .body = body};
    struct rec_draft *draft;
    struct err *err = rec_draft_new(a, &request, &draft);
    struct buf out;

    buf_init(&out, 64 * MIB);
    if (err)
        err_write(&out, err);
    if (err && !json_valid(buf_str(&out), &json_limits_stored))
        abort();
    buf_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena_free) struct arena *a = arena_new();
    const struct fuzz_site *site = fuzz_site();
    const struct schema_col *posts = schema_find(site->schema, STR("posts"));
    struct rec_actor actor = {.scope = {.schema = site->schema, .now_ms = FUZZ_NOW_MS},
                              .superuser = true};
    const struct json *body;

    if (!json_read(a, fuzz_text(data, size), &json_limits_body, &body, NULL) ||
        body->type != JSON_OBJECT)
        return 0;
    make_draft(a, &actor, posts, REC_CREATE, body);
    make_draft(a, &actor, posts, REC_UPDATE, body);
    make_draft(a, &actor, schema_find(site->schema, STR("users")), REC_CREATE, body);
    if (body->n <= 40)
        fields_keep(a, posts, body);
    return 0;
}
