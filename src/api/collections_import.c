/*
 * PUT /api/collections/import: many definitions in one unit (collections.md 14). Everything is
 * stored first and checked afterwards, so that definitions may refer to each other.
 */
#include "api/collections.h"
#include "base/form.h"
#include "base/limits.h"

#include <stdlib.h>

#define UNDECODABLE "An error occurred while loading the submitted data."
#define FAILED "Failed to import collections."
#define RAW_ERROR STR("Failed to import the collections configuration. Raw error:\n")

struct coll_import {
    struct api *api;
    const struct schema *schema;
    const struct json *collections;
    bool delete_missing;
    int64_t now_ms;
};

struct item {
    const struct schema_col *old; /* NULL: a new one */
    struct schema_def *def;
    struct str created, updated; /* as submitted or stored */
    size_t place;
};

struct run {
    struct arena *a;
    struct arena *scratch; /* for one collection: what stays is copied to `a` */
    struct db_conn *tx;
    const struct coll_import *in;
    struct schema_plan *log;
    struct item *items;
    size_t n;
    struct schema *schema; /* what is stored by now */
};

/* --- errors --------------------------------------------------------------------------------- */

static struct err *refuse_import(struct arena *a, struct str what, struct str why)
{
    struct err *err = NULL;

    err_add_raw_item(a, &err, STR("collections"), STR("validation_collections_import_failure"),
                     arena_concat(a, what, why, STR_NONE), STR_NONE);
    return err;
}

static int compare_paths(const void *x, const void *y)
{
    const struct err_item *const *a = x;
    const struct err_item *const *b = y;

    return str_cmp((*a)->path, (*b)->path);
}

static void start_line(struct buf *out, size_t depth)
{
    BUF_ADD(out, "\n");
    for (size_t i = 0; i < depth; i++)
        BUF_ADD(out, "  ");
}

/* Until so many are open. */
static void close_objects(struct buf *out, size_t *depth, size_t open)
{
    for (; *depth > open; --*depth) {
        start_line(out, *depth - 1);
        BUF_ADD(out, "}");
    }
}

/* How many parts two paths begin with alike. */
static size_t shared_parts(struct str x, struct str y)
{
    size_t n = 0;

    while (x.p && y.p && str_eq(str_split(&x, '.'), str_split(&y, '.')))
        n++;
    return n;
}

/* Items sorted by path as nested objects. */
static struct str nested_items(struct arena *a, const struct err *err)
{
    VEC(const struct err_item *) items = {0};
    struct str before = STR_NONE;
    size_t depth = 0;
    AUTO_BUF struct buf out;

    buf_init(&out, LIMIT_BODY_BYTES);
    for (const struct err_item *item = err->items; item; item = item->next)
        *VEC_PUSH(a, &items) = item;
    qsort(items.items, items.n, sizeof(*items.items), compare_paths);
    for (size_t i = 0; i < items.n; i++) {
        struct str path = items.items[i]->path;
        size_t same = shared_parts(before, path);

        close_objects(&out, &depth, same + 1);
        buf_add(&out, depth ? STR(",") : STR_NONE);
        before = path;
        for (size_t p = 0; path.p; p++) {
            struct str part = str_split(&path, '.');

            if (p < same)
                continue;
            if (depth <= p) {
                BUF_ADD(&out, "{");
                depth = p + 1;
            }
            start_line(&out, depth);
            json_write_text(&out, part);
            BUF_ADD(&out, ": ");
        }
        json_write_text(&out, schema_check_words(a, items.items[i]));
    }
    close_objects(&out, &depth, 0);
    return arena_dup(a, buf_str(&out));
}

/* --- decoding ------------------------------------------------------------------------------- */

static struct str text_of(const struct json *object, const char *key)
{
    const struct json *member = json_get(object, str_of(key));

    return member && member->type == JSON_TEXT ? member->text : STR("");
}

static const struct json *field_with(const struct schema_def *def, const char *key, struct str text)
{
    for (size_t i = 0; i < def->fields.n; i++)
        if (str_eq(text_of(&def->fields.items[i], key), text))
            return &def->fields.items[i];
    return NULL;
}

/* Fields that the import lacks by id: those of the same name and type stay what they are, system
 * ones are kept, others unless what is missing goes. */
static void keep_fields(struct run *run, struct item *item)
{
    struct schema_def *stored = schema_def_of(run->a, item->old);

    for (size_t i = 0; i < stored->fields.n; i++) {
        struct json field = stored->fields.items[i];
        const struct json *twin;

        if (field_with(item->def, "id", text_of(&field, "id")))
            continue;
        twin = field_with(item->def, "name", text_of(&field, "name"));
        if (twin && str_eq(text_of(twin, "type"), text_of(&field, "type")))
            *(struct json *)(uintptr_t)twin = field;
        else if (item->old->fields[i].system || !run->in->delete_missing)
            schema_def_add_field(run->a, item->def, field);
    }
}

static struct err *decode_item(struct run *run, const struct json *body, struct item *item)
{
    static const struct json empty = {.type = JSON_OBJECT};
    struct str id, name, why;

    if (body->type == JSON_NULL)
        body = &empty;
    id = text_of(body, "id");
    name = text_of(body, "name");
    item->old = schema_find(run->in->schema, id.n ? id : name);
    if (item->old) {
        item->def = schema_def_of(run->a, item->old);
        if (run->in->delete_missing && !json_get(body, STR("fields")))
            item->def->fields.n = 0;
    } else {
        item->def = schema_def_new(run->a, text_of(body, "type"), name);
    }
    if (!schema_def_merge(run->a, item->def, body, &why))
        return refuse_import(run->a, RAW_ERROR, why);
    if (item->old)
        keep_fields(run, item);
    item->created = item->def->created;
    item->updated = item->def->updated;
    schema_def_finish(run->a, item->def, run->in->schema, item->old, run->in->now_ms);
    return NULL;
}

static int compare_items(const void *x, const void *y)
{
    const struct item *a = x;
    const struct item *b = y;
    bool a_view = str_eq(a->def->type, STR("view"));
    bool b_view = str_eq(b->def->type, STR("view"));
    int order = a_view - b_view;

    if (order == 0)
        order = str_cmp(a->created, b->created);
    if (order == 0)
        order = str_cmp(a->updated, b->updated);
    return order ? order : (a->place > b->place) - (a->place < b->place);
}

static struct err *decode_items(struct run *run)
{
    struct err *err = NULL;

    run->n = run->in->collections->n;
    run->items = ARENA_ARRAY(run->a, struct item, run->n);
    for (size_t i = 0; i < run->n && !err; i++) {
        run->items[i].place = i;
        err = decode_item(run, &run->in->collections->items[i], &run->items[i]);
    }
    if (!err)
        qsort(run->items, run->n, sizeof(*run->items), compare_items);
    return err;
}

/* --- storing -------------------------------------------------------------------------------- */

/* The snapshot as it is stored by now, in place of the former one. */
static struct err *read_schema(struct run *run)
{
    schema_unref(TAKE(run->schema));
    return schema_load(run->a, run->tx, &run->schema);
}

static bool is_imported(const struct run *run, const struct schema_col *col)
{
    for (size_t i = 0; i < run->n; i++)
        if (str_eq(run->items[i].def->id, col->id))
            return true;
    return false;
}

static struct coll_save save_of(const struct run *run, const struct item *item)
{
    return (struct coll_save){.api = run->in->api,
                              .a = run->scratch,
                              .tx = run->tx,
                              .schema = run->schema,
                              .old = item->old,
                              .def = item->def,
                              .now_ms = run->in->now_ms,
                              .log = run->log};
}

static struct err *check_items(struct run *run, size_t n)
{
    struct err *err = NULL;

    for (size_t i = 0; i < n && !err; i++) {
        struct coll_save save = save_of(run, &run->items[i]);

        arena_reset(run->scratch);
        if (!save.old)
            save.old = map_find(&run->schema->by_id, save.def->id);
        err = coll_make(&save);
        if (!err)
            err = coll_check(&save);
        if (err && err->kind == E_BAD_REQUEST && err->items)
            return refuse_import(
                run->a,
                arena_printf(run->a, "Data validations failed for collection \"%.*s\" (%.*s):\n",
                             STR_ARG(save.def->name), STR_ARG(save.def->id)),
                nested_items(run->a, err));
    }
    return err_copy(run->a, err);
}

/* A snapshot could not hold one that cannot be read whole: those before it and it are checked now.
 */
static struct err *store_item(struct run *run, size_t i)
{
    const struct item *item = &run->items[i];
    struct coll_save save = save_of(run, item);
    struct str name = item->def->name;
    struct err *err;

    arena_reset(run->scratch);
    if (item->old && !str_eq(item->old->id, item->def->id))
        err = err_new(run->a, E_BAD_REQUEST, NULL, "primary key change is not allowed");
    else
        err = coll_make(&save);
    if (!err && !save.whole && !save.view_why.p) {
        err = check_items(run, i + 1);
        return err ? err : refuse_import(run->a, RAW_ERROR, STR("invalid fields"));
    }
    if (!err)
        err = coll_store(&save);
    item->def->name = name; /* as it was submitted, for the check */
    if (!err)
        return read_schema(run);
    if (err->kind != E_BAD_REQUEST ||
        (err->items && !str_eq(err->items->code, str_of(err_code(CODE_NOT_UNIQUE)->code))))
        return err_copy(run->a, err);
    return err_new(run->a, E_BAD_REQUEST, NULL, "failed to save collection \"%.*s\": %.*s",
                   STR_ARG(item->def->name), STR_ARG(err->cause));
}

/* What is missing from the import goes before anything is stored. */
static struct err *store_items(struct run *run)
{
    const struct schema *schema = run->in->schema;
    struct err *err = NULL;

    for (size_t i = 0; run->in->delete_missing && i < schema->n_cols && !err; i++) {
        const struct schema_col *col = schema->cols[i];

        if (col->system || is_imported(run, col))
            continue;
        err = schema_drop(run->a, run->tx, schema, col, run->log);
        coll_files_go(run->a, run->tx, run->in->api->files, col);
    }
    if (!err)
        err = read_schema(run);
    for (size_t i = 0; i < run->n && !err; i++)
        err = store_item(run, i);
    return err;
}

struct err *coll_import(struct db_conn *tx, const struct coll_import *import, struct arena *a,
                        struct schema_plan *log)
{
    struct run run = {.a = a, .scratch = arena_child(a), .tx = tx, .in = import, .log = log};
    struct err *err = decode_items(&run);

    if (!err)
        err = store_items(&run);
    if (!err)
        err = check_items(&run, run.n);
    schema_unref(run.schema);
    /* What is no fault of the database is told in PocketBase's words. */
    if (err && err->kind == E_BAD_REQUEST && !err->items)
        err = refuse_import(a, RAW_ERROR, err->cause);
    if (err && err->kind == E_BAD_REQUEST)
        err->message = FAILED;
    return err;
}

static struct err *import_unit(struct db_conn *tx, const void *in, struct arena *a, void **ret_out)
{
    *ret_out = ARENA_NEW(a, struct rec_written);
    return coll_import(tx, in, a, NULL);
}

/* --- the endpoint --------------------------------------------------------------------------- */

static bool is_decodable(const struct json *collections)
{
    if (collections && collections->type != JSON_LIST)
        return false;
    for (uint32_t i = 0; collections && i < collections->n; i++)
        if (collections->items[i].type != JSON_OBJECT && collections->items[i].type != JSON_NULL)
            return false;
    return true;
}

struct err *coll_read_import(struct api_call *call, const struct json *collections,
                             bool delete_missing, const struct coll_import **ret)
{
    struct coll_import *import = ARENA_NEW(call->arena, struct coll_import);
    struct err *invalid = NULL;

    if (!is_decodable(collections))
        return err_new(call->arena, E_BAD_REQUEST, UNDECODABLE, "no list of objects");
    if (!collections || collections->n == 0) {
        err_add_item(call->arena, &invalid, STR("collections"), CODE_REQUIRED, STR_NONE);
        invalid->message = "An error occurred while validating the submitted data.";
        return invalid;
    }
    *import = (struct coll_import){.api = call->api,
                                   .schema = call->schema,
                                   .collections = collections,
                                   .delete_missing = delete_missing,
                                   .now_ms = call->caller.actor.scope.now_ms};
    *ret = import;
    return NULL;
}

struct import_form {
    const struct json *collections;
    bool delete_missing;
};

static struct err *prepare_import(struct api_call *call)
{
    static const struct form_field fields[] = {
        {"collections", FORM_JSON, offsetof(struct import_form, collections)},
        {"deleteMissing", FORM_BOOL, offsetof(struct import_form, delete_missing)},
    };
    const struct coll_import *import = NULL;
    struct import_form form;
    struct form_input input;
    struct err *err = api_form(call, &input);

    if (err || !form_decode(call->arena, fields, COUNT_OF(fields), &input, &form))
        return err_new(call->arena, E_BAD_REQUEST, UNDECODABLE, "no import");
    err = coll_read_import(call, form.collections, form.delete_missing, &import);
    call->state = (void *)(uintptr_t)import; /* units only read it */
    return err;
}

const struct api_work api_collections_import = COLL_WORK(prepare_import, import_unit, true);
