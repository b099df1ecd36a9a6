/*
 * Collections as the API defines them: first line the collection to change, empty for a new one,
 * then the body. What can be stored can be loaded, defines itself again, and leaves the others as
 * they were. The unit is taken back each time.
 */
#include "fuzz/fuzz.h"

#include "base/json.h"
#include "base/limits.h"
#include "fuzz/site.h"

#include <stdio.h>

struct input {
    struct str name;
    const struct json *body;
};

static void loads(struct arena *a, struct db_conn *tx, const struct schema *before)
{
    AUTO(schema_unref) struct schema *schema = NULL;
    struct err *err = schema_load(a, tx, &schema);

    if (err) {
        (void)fprintf(stderr, "%.*s\n", STR_ARG(err->cause));
        abort();
    }
    if (schema->n_cols < before->n_cols)
        abort();
    for (size_t i = 0; i < schema->n_cols; i++) {
        AUTO_BUF struct buf out;

        buf_init(&out, 64 * MIB);
        schema_write_def(&out, schema_def_of(a, schema->cols[i]));
        if (!json_valid(buf_str(&out), &json_limits_stored))
            abort();
    }
}

static struct err *unit(struct db_conn *tx, const void *in, struct arena *a, void **ret)
{
    const struct input *input = in;
    const struct fuzz_site *site = fuzz_site();
    struct str why = STR_NONE;
    struct err *err = fuzz_define(a, tx, site->schema, input->name, input->body, &why);

    (void)ret;
    if (!err && !why.p)
        loads(a, tx, site->schema);
    return err ? err : err_new(a, E_BAD_REQUEST, NULL, "taken back");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena_free) struct arena *a = arena_new();
    const struct fuzz_site *site = fuzz_site();
    struct db_lease lease = {0};
    struct str text = fuzz_text(data, size);
    struct input input = {.name = fuzz_first_line(&text)};
    struct err *err;

    if (!json_read(a, text, &json_limits_body, &input.body, NULL) ||
        input.body->type != JSON_OBJECT)
        return 0;
    err = db_run_leased(a, site->db, &lease, unit, &input, NULL);
    if (!err)
        abort();
    return 0;
}
