/*
 * An import: many definitions in one unit (collections.md 14). Everything is
 * stored first and checked afterwards, so that definitions may refer to each other.
 */
#include "api/collections.h"
#include "base/limits.h"

#include <inttypes.h>
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
    struct str type;             /* of `old` */
    struct str created, updated; /* as submitted or stored */
    size_t place;
};

struct run {
    struct arena *a;
    struct arena *scratch; /* for one collection: what stays is copied to `a` */
    struct db_conn *tx;
    const struct coll_import *in;
    const struct events *events; /* NULL: nobody is to hear of it */
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
        item->type = item->def->type;
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

static void unref_schema(void *arg)
{
    schema_unref(arg);
}

/* Listeners are told of a collection once all of the import is over: what they then look at stays.
 */
static void leave_schema(struct run *run)
{
    struct schema *schema = TAKE(run->schema);

    if (run->events && schema)
        arena_defer(run->a, unref_schema, schema);
    else
        schema_unref(schema);
}

static struct arena *begin_item(struct run *run)
{
    if (run->events)
        return run->a;
    arena_reset(run->scratch);
    return run->scratch;
}

/* The snapshot as it is stored by now, in place of the former one. */
static struct err *read_schema(struct run *run)
{
    leave_schema(run);
    return schema_load(run->a, run->tx, &run->schema);
}

static bool is_imported(const struct run *run, const struct schema_col *col)
{
    for (size_t i = 0; i < run->n; i++)
        if (str_eq(run->items[i].def->id, col->id))
            return true;
    return false;
}

static struct coll_save save_of(struct run *run, const struct item *item)
{
    return (struct coll_save){.api = run->in->api,
                              .a = begin_item(run),
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
                coll_nested_items(run->a, err));
    }
    return err_copy(run->a, err);
}

/* One of its collections on the way. */
struct step {
    struct run *run;
    size_t at;                    /* of items */
    const struct schema_col *col; /* one that goes */
};

static bool becomes_another(const struct item *item)
{
    return !str_eq(item->def->name, item->old->name) || !str_eq(item->def->type, item->type);
}

/* A snapshot could not hold one that cannot be read whole: those before it and it are checked now.
 */
static struct err *store(struct coll_heard *heard)
{
    const struct step *step = heard->user;
    struct run *run = step->run;
    const struct item *item = &run->items[step->at];
    struct coll_save save = save_of(run, item);
    bool is_forced = item->old && str_eq(item->old->id, run->schema->superusers->id);
    struct str name = item->def->name;
    struct err *err;

    if (item->old && item->old->system && becomes_another(item)) {
        err = check_items(run, step->at + 1); /* no schema could be read without it */
        return err ? err : refuse_import(run->a, RAW_ERROR, STR("a system collection"));
    }
    if (item->old && !str_eq(item->old->id, item->def->id))
        err = err_new(run->a, E_BAD_REQUEST, NULL, "primary key change is not allowed");
    else
        err = coll_make(&save);
    if (!err && !save.whole && !save.view_why.p) {
        err = check_items(run, step->at + 1);
        return err ? err : refuse_import(run->a, RAW_ERROR, STR("invalid fields"));
    }
    if (!err)
        err = coll_write(&save, heard);
    if (is_forced)
        item->def->name = name; /* as it was submitted, for the check */
    if (save.is_stored)
        heard->event.now = item->def;
    return err;
}

static struct err *save_item(struct coll_heard *heard)
{
    const struct step *step = heard->user;
    const struct item *item = &step->run->items[step->at];

    if (coll_hears(heard, EVENT_STAGE(EVENT_SAVE))) /* who may have changed it */
        schema_def_finish(heard->a, item->def, step->run->schema, item->old, step->run->in->now_ms);
    return coll_raise(heard, EVENT_EXECUTE, store);
}

static struct coll_heard heard_of(const struct run *run, enum event_kind kind,
                                  const struct schema_col *old, struct schema_def *def)
{
    return (struct coll_heard){.a = run->a,
                               .events = run->events,
                               .kind = kind,
                               .event = {.schema = run->schema, .old = old, .def = def}};
}

static struct err *store_item(struct run *run, size_t i)
{
    const struct item *item = &run->items[i];
    struct step step = {.run = run, .at = i};
    struct coll_heard heard = heard_of(
        run, item->old ? EVENT_COLLECTION_UPDATE : EVENT_COLLECTION_CREATE, item->old, item->def);
    struct err *err;

    heard.save = save_item;
    heard.user = &step;
    err = coll_save_inside(run->tx, &heard);
    if (!err)
        return read_schema(run);
    if (err->kind != E_BAD_REQUEST ||
        (err->items && !str_eq(err->items->code, str_of(err_code(CODE_NOT_UNIQUE)->code))))
        return err_copy(run->a, err);
    return err_new(run->a, E_BAD_REQUEST, NULL, "failed to save collection \"%.*s\": %.*s",
                   STR_ARG(item->def->name), STR_ARG(coll_words_of(err)));
}

static struct err *drop(struct coll_heard *heard)
{
    const struct step *step = heard->user;
    const struct run *run = step->run;
    struct err *err = schema_drop(run->a, run->tx, run->in->schema, step->col, run->log);

    if (!err)
        coll_files_go(run->a, run->tx, run->in->api->files, step->col);
    return err;
}

static struct err *write_drop(struct coll_heard *heard)
{
    return coll_raise(heard, EVENT_WRITE, drop);
}

static struct err *save_drop(struct coll_heard *heard)
{
    return coll_raise(heard, EVENT_EXECUTE, write_drop);
}

static struct err *drop_col(struct run *run, const struct schema_col *col)
{
    struct step step = {.run = run, .col = col};
    struct coll_heard heard = heard_of(run, EVENT_COLLECTION_DELETE, col, NULL);

    heard.event.schema = run->in->schema;
    heard.save = save_drop;
    heard.user = &step;
    return coll_save_inside(run->tx, &heard);
}

/* What is missing from the import goes before anything is stored. */
static struct err *store_items(struct run *run)
{
    const struct schema *schema = run->in->schema;
    struct err *err = NULL;

    for (size_t i = 0; run->in->delete_missing && i < schema->n_cols && !err; i++)
        if (!schema->cols[i]->system && !is_imported(run, schema->cols[i]))
            err = drop_col(run, schema->cols[i]);
    if (!err)
        err = read_schema(run);
    for (size_t i = 0; i < run->n && !err; i++)
        err = store_item(run, i);
    return err;
}

static struct err *import_all(struct run *run)
{
    struct err *err = decode_items(run);

    if (!err)
        err = store_items(run);
    if (!err)
        err = check_items(run, run->n);
    leave_schema(run);
    /* What is no fault of the database is told in PocketBase's words. */
    if (err && err->kind == E_BAD_REQUEST && !err->items)
        err = refuse_import(run->a, RAW_ERROR, coll_words_of(err));
    if (err && err->kind == E_BAD_REQUEST)
        err->message = FAILED;
    return err;
}

struct err *coll_import(struct db_conn *tx, const struct coll_import *import, struct arena *a,
                        struct schema_plan *log)
{
    struct run run = {.a = a, .scratch = arena_child(a), .tx = tx, .in = import, .log = log};

    return import_all(&run);
}

struct err *coll_import_unit(struct db_conn *tx, const void *in, struct arena *a, void **ret_out)
{
    struct coll_import import = *(const struct coll_import *)in;
    struct run run = {
        .a = a, .scratch = arena_child(a), .tx = tx, .in = &import, .events = import.api->events};
    const struct schema_col *none = NULL;
    struct err *err = coll_follow(a, tx, &import.schema, &none);

    *ret_out = ARENA_NEW(a, struct rec_written);
    return err ? err : import_all(&run);
}

/* --- reading -------------------------------------------------------------------------------- */

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
    if (collections->n > LIMIT_IMPORT_ITEMS)
        err_add_item(call->arena, &invalid, STR("collections"), CODE_LENGTH_TOO_LONG,
                     arena_printf(call->arena, "{\"max\":%d,\"min\":0}", LIMIT_IMPORT_ITEMS));
    for (uint32_t i = 0; i < collections->n && collections->n <= LIMIT_IMPORT_ITEMS; i++)
        coll_check_lengths(call->arena, &collections->items[i],
                           arena_printf(call->arena, "collections.%" PRIu32 ".", i).p, &invalid);
    if (invalid)
        return err_say(invalid, FAILED);
    *import = (struct coll_import){.api = call->api,
                                   .schema = call->schema,
                                   .collections = collections,
                                   .delete_missing = delete_missing,
                                   .now_ms = call->caller.actor.scope.now_ms};
    *ret = import;
    return NULL;
}
