/*
 * reeve files check [--fix]: files that no record names, and names that have no file.
 *
 * A server may be at work meanwhile. It stores a file before it commits the record that names it,
 * and removes one after the commit that no more names it. So
 *  1. a file counts as nobody's when it is older than any request, and no record has named it since
 *     it was listed;
 *  2. a name counts as one without a file when a record has it before the storage said that there
 *     is no such file, and afterwards;
 *  3. both are asked right before anything is removed; what a record has named stays while a backup
 *     is made, whose copy may have that record, and counts as young;
 *  4. where the storage holds nothing at all it is rather one that is not mounted, or another
 *     bucket: then no name is taken out.
 * What is in memory is one record's names, or those of a page of records.
 */
#include "cli/app.h"
#include "cli/commands.h"
#include "cli/files.h"
#include "cli/inspect.h"

#include "base/date.h"
#include "query/query.h"
#include "records/records.h"

#include <inttypes.h>
#include <stdio.h>

#define YOUNG_S                                                                      \
    (10 * 60) /* no request takes as long from storing a file to its record's commit \
               */
#define PAGE_ROWS 100
#define STALE_TRIES 5
#define FAILURES_MAX 20 /* then it is the storage, and not a file */

struct check {
    const struct options *options;
    struct settings *settings;
    struct app app; /* where something is mended; its arena in any case */
    bool has_app;
    struct inspect inspect; /* where nothing is */
    struct db *db;
    struct db_conn *conn;  /* the thread's; outside of snapshots but for short ones */
    struct schema *schema; /* of the last of them */
    struct file_store *store;
    struct net *net;
    struct blob_place *place;
    bool is_local;

    /* what the record names that was asked for last */
    struct arena *last_arena;
    struct file_key last; /* name: none */
    struct rec_names last_names;

    uint64_t listed; /* all that the storage holds */
    uint64_t files, bytes, removed, names, taken, young, foreign, failed;
};

/* --- asking the database ---------------------------------------------------------------------- */

static void forget(struct check *c)
{
    arena_reset(c->last_arena);
    c->last = (struct file_key){0};
    c->last_names = (struct rec_names){0};
}

/* Begins a snapshot, with the schema that is its own. */
static struct err *begin(struct check *c, struct arena *a)
{
    struct schema *fresh;
    struct err *err = db_read_begin(a, c->conn);

    if (err || (c->schema && c->schema->db_version == db_schema_version(c->conn)))
        return err;
    err = schema_load(a, c->conn, &fresh);
    if (err) {
        (void)db_read_end(c->conn); /* expects no version */
        return err;
    }
    fresh->db_version = db_schema_version(c->conn);
    forget(c);
    schema_unref(TAKE(c->schema));
    c->schema = fresh;
    return NULL;
}

static const struct schema_col *find_col(const struct check *c, struct str id)
{
    return map_find(&c->schema->by_id, id);
}

/* As the database is now. The names' fields are the schema's. */
static struct err *read_names(struct check *c, struct arena *a, struct str col_id, struct str rec,
                              struct rec_names *ret)
{
    const struct schema_col *col;
    struct err *err = begin(c, a);

    *ret = (struct rec_names){0};
    if (err)
        return err;
    col = find_col(c, col_id);
    if (col)
        err = rec_names_of(a, c->conn, col, rec, ret);
    (void)db_read_end(c->conn); /* expects no version */
    return err;
}

static bool has_name(const struct rec_names *names, struct str name)
{
    for (size_t i = 0; i < names->n; i++)
        if (str_eq(names->items[i].name, name))
            return true;
    return false;
}

/* Whether the record named the file when it was first asked for: files of a record are listed one
 * after the other. */
static struct err *was_named(struct check *c, const struct file_key *key, bool *ret)
{
    struct err *err;

    if (!str_eq(c->last.col, key->col) || !str_eq(c->last.rec, key->rec)) {
        forget(c);
        err = read_names(c, c->last_arena, key->col, key->rec, &c->last_names);
        if (err)
            return err;
        c->last = (struct file_key){.col = arena_dup(c->last_arena, key->col),
                                    .rec = arena_dup(c->last_arena, key->rec)};
    }
    *ret = has_name(&c->last_names, file_key_original(key));
    return NULL;
}

/* --- what is printed -------------------------------------------------------------------------- */

static struct str col_name(const struct check *c, struct str id)
{
    const struct schema_col *col = find_col(c, id);

    return col ? col->name : id;
}

static void print_file(const struct check *c, const struct file_key *key, const char *suffix,
                       uint64_t size)
{
    printf("file  %.*s/%.*s/%.*s%s  %" PRIu64 "\n", STR_ARG(col_name(c, key->col)),
           STR_ARG(key->rec), STR_ARG(key->name), suffix, size);
}

/* What went wrong with one of them; an error: with too many. */
static struct err *complain(struct check *c, struct arena *a, const struct err *err)
{
    if (!err)
        return NULL;
    (void)command_fail_err(err); /* says it; the code is this command's at the end */
    c->failed++;
    return c->failed < FAILURES_MAX
               ? NULL
               : err_new(a, E_INTERNAL, NULL, "given up after %d errors", FAILURES_MAX);
}

static struct str first_reason(const struct err *err)
{
    if (err->items)
        return err->items->message;
    return err->cause.n > 0 ? err->cause : str_of(err->message);
}

/* --- files without a record ------------------------------------------------------------------- */

static bool is_young(const struct blob_info *info)
{
    return info->modified_s > date_now_ms() / 1000 - YOUNG_S;
}

static struct err *remove_file(struct check *c, struct arena *a, struct str key)
{
    struct err *err = NULL;

    if (c->options->fix)
        err = c->place->ops->remove(a, c->place->own, &key, 1);
    if (c->options->fix && !err)
        c->removed++;
    return err;
}

/* Whether it is still there, and nobody's. */
static struct err *is_nobodys(struct check *c, struct arena *a, const struct file_key *key,
                              struct str text, bool *ret)
{
    const int64_t since_s = date_now_ms() / 1000 - YOUNG_S;
    struct blob_info info = {0};
    struct rec_names names;
    struct err *err = read_names(c, a, key->col, key->rec, &names);

    *ret = false;
    if (err || has_name(&names, file_key_original(key)))
        return err;
    err = c->place->ops->info(a, c->place->own, text, NULL, &info);
    if (err)
        return err->kind == E_NOT_FOUND ? NULL : err;
    *ret = !is_young(&info) &&
           !(c->is_local && (local_is_shared(a, c->place->own, text, since_s) ||
                             (c->store && file_store_removals_are_held(c->store))));
    if (!*ret)
        c->young++;
    return NULL;
}

static struct err *check_file(struct check *c, struct arena *a, const struct file_key *key,
                              const struct blob_info *info)
{
    struct str text = file_key_text(a, key);
    bool yes;
    struct err *err = was_named(c, key, &yes);

    if (err || yes)
        return err;
    if (is_young(info)) {
        c->young++;
        return NULL;
    }
    err = is_nobodys(c, a, key, text, &yes);
    if (err || !yes)
        return err;
    print_file(c, key, "", info->size);
    c->files++;
    c->bytes += info->size;
    return remove_file(c, a, text);
}

static struct err *check_listed(void *user, struct str text, const struct blob_info *info)
{
    AUTO(arena_free) struct arena *a = arena_new();
    struct check *c = user;
    struct file_key key;

    c->listed++;
    if (!file_key_read(text, &key)) {
        c->foreign++;
        return NULL;
    }
    return err_copy(c->app.arena, complain(c, a, check_file(c, a, &key, info)));
}

/* A side-car is stored before its file. */
static struct err *check_car(struct check *c, struct arena *a, const struct file_key *key,
                             const struct blob_info *car)
{
    struct str text = file_key_text(a, key);
    struct blob_info info = {0};
    struct err *err;

    if (is_young(car)) {
        c->young++;
        return NULL;
    }
    err = c->place->ops->info(a, c->place->own, text, NULL, &info);
    if (!err)
        return NULL;
    if (err->kind != E_NOT_FOUND)
        return err;
    print_file(c, key, ".attrs", car->size);
    c->files++;
    c->bytes += car->size;
    return remove_file(c, a, text);
}

static struct err *check_listed_car(void *user, struct str text, const struct blob_info *info)
{
    AUTO(arena_free) struct arena *a = arena_new();
    struct check *c = user;
    struct file_key key;

    if (!file_key_read(text, &key)) {
        c->foreign++;
        return NULL;
    }
    return err_copy(c->app.arena, complain(c, a, check_car(c, a, &key, info)));
}

/* --- records without a file ------------------------------------------------------------------- */

/* What is no key is no file's. */
static struct err *is_stored(const struct check *c, struct arena *a, const struct file_key *key,
                             bool *ret)
{
    struct str text = file_key_text(a, key);
    struct blob_info info = {0};
    struct file_key parts;
    struct err *err = NULL;

    *ret =
        file_key_read(text, &parts) && str_eq(parts.rec, key->rec) && str_eq(parts.name, key->name);
    if (*ret)
        err = c->place->ops->info(a, c->place->own, text, NULL, &info);
    if (err && err->kind != E_NOT_FOUND)
        return err;
    *ret = *ret && !err;
    return NULL;
}

/* The same name as the record has it now; *ret NULL: it has it no more. */
static struct err *find_again(struct check *c, struct arena *a, struct str col_id,
                              const struct rec_name *name, const struct rec_name **ret)
{
    struct rec_names names;
    struct err *err = read_names(c, a, col_id, name->id, &names);

    *ret = NULL;
    for (size_t i = 0; !err && i < names.n; i++)
        if (str_eq(names.items[i].name, name->name) &&
            str_eq(names.items[i].field->name, name->field->name))
            *ret = &names.items[i];
    return err;
}

/* Takes it out, unless that is refused. */
static struct err *take_out(struct check *c, struct arena *a, struct str col_id,
                            const struct rec_name *name)
{
    struct err *err = NULL;

    for (int i = 0; i < STALE_TRIES; i++) {
        const struct rec_name *now;
        struct rec_scope scope;

        err = find_again(c, a, col_id, name, &now);
        if (err || !now)
            return err;
        scope = (struct rec_scope){.schema = c->schema, .now_ms = date_now_ms(), .files = c->store};
        err = rec_drop_name(a, c->db, &scope, find_col(c, col_id), now);
        if (!err || err->kind != E_STALE)
            break;
    }
    if (!err) {
        c->taken++;
        return NULL;
    }
    if (err->kind != E_BAD_REQUEST && err->kind != E_NOT_FOUND)
        return err;
    printf("  stays: %.*s\n", STR_ARG(first_reason(err)));
    return NULL;
}

static struct err *check_name(struct check *c, struct arena *a, struct str col_id,
                              const struct rec_name *name)
{
    const struct file_key key = {col_id, name->id, name->name};
    const struct rec_name *now;
    bool yes;
    struct err *err = is_stored(c, a, &key, &yes);

    if (err || yes)
        return err;
    err = find_again(c, a, col_id, name, &now);
    if (err || !now)
        return err;
    printf("record  %.*s/%.*s  %.*s  %.*s\n", STR_ARG(col_name(c, col_id)), STR_ARG(name->id),
           STR_ARG(name->field->name), STR_ARG(name->name));
    c->names++;
    return c->options->fix && c->listed > 0 ? take_out(c, a, col_id, name) : NULL;
}

/* The records behind the one in `after`, which it moves on; *ret_more: there may be others. */
static struct err *check_page(struct check *c, struct str col_id, struct buf *after, bool *ret_more)
{
    AUTO(arena_free) struct arena *a = arena_new();
    AUTO(schema_unref) struct schema *held = NULL; /* the names' fields are its own */
    const struct schema_col *col;
    struct rec_names names = {0};
    struct arena *turn = arena_child(a);
    struct err *err = begin(c, a);

    if (!err) {
        held = schema_ref(c->schema);
        col = find_col(c, col_id);
        if (col)
            err = rec_names_after(a, c->conn, col, buf_str(after), PAGE_ROWS, &names);
        (void)db_read_end(c->conn); /* expects no version */
    }
    for (size_t i = 0; !err && i < names.n; i++) {
        arena_reset(turn);
        err = err_copy(a, complain(c, turn, check_name(c, turn, col_id, &names.items[i])));
    }
    buf_reset(after);
    buf_add(after, names.last);
    *ret_more = !err && names.last.p;
    return err_copy(c->app.arena, err);
}

static struct err *check_col(struct check *c, struct str col_id)
{
    AUTO_BUF struct buf after;
    bool more = true;
    struct err *err = NULL;

    buf_init(&after, 1024 * 1024);
    while (!err && more)
        err = check_page(c, col_id, &after, &more);
    return err;
}

static struct err *check_records(struct check *c)
{
    AUTO(schema_unref) struct schema *schema = NULL; /* of the beginning */
    struct err *err = begin(c, c->app.arena);

    if (err)
        return err;
    schema = schema_ref(c->schema);
    (void)db_read_end(c->conn); /* expects no version */
    for (size_t i = 0; !err && i < schema->n_cols; i++)
        err = check_col(c, schema->cols[i]->id);
    return err;
}

/* --- the command ------------------------------------------------------------------------------ */

/* A directory that has no database gets none. */
static struct err *open_database(struct check *c, struct arena *a)
{
    struct err *err = files_settings(a, c->options, &c->settings);

    if (err)
        return err;
    if (!c->options->fix) {
        err = inspect_open(a, c->options, &c->inspect);
        if (err)
            return err;
        c->db = c->inspect.db;
        c->conn = c->inspect.conn;
        (void)db_read_end(c->conn); /* expects no version */
        return NULL;
    }
    c->has_app = true;
    err = app_open(a, c->options, &(const struct app_hooks){0}, &c->app);
    c->db = c->app.data;
    c->store = file_store_new(c->options->dir, false);
    return err ? err : db_reader(a, c->db, &c->conn);
}

static void close_database(struct check *c)
{
    schema_unref(TAKE(c->schema));
    settings_unref(TAKE(c->settings));
    file_store_free(TAKE(c->store));
    if (c->has_app) {
        query_cache_release();
        app_close(&c->app);
    } else {
        inspect_close(&c->inspect);
    }
}

static struct err *check_all(struct check *c, struct arena *a)
{
    const struct blob_place *place = c->place;
    struct err *err = place->ops->list(a, place->own, STR_NONE, check_listed, c);

    if (!err && c->is_local)
        err = local_list_cars(a, place->own, check_listed_car, c);
    return err ? err : check_records(c);
}

static void print_sums(struct arena *a, const struct check *c)
{
    struct str removed = STR_NONE, taken = STR_NONE;

    if (c->options->fix) {
        removed = arena_printf(a, ", %" PRIu64 " removed", c->removed);
        taken = arena_printf(a, " (%" PRIu64 " taken out)", c->taken);
    }
    printf("files without a record: %" PRIu64 " (%" PRIu64 " bytes%.*s); names without a file: "
           "%" PRIu64 "%.*s; younger than ten minutes: %" PRIu64 "; no files of records: %" PRIu64
           "\n",
           c->files, c->bytes, STR_ARG(removed), c->names, STR_ARG(taken), c->young, c->foreign);
}

int files_check(struct arena *a, const struct options *options)
{
    struct check c = {.options = options, .last_arena = arena_child(a), .app.arena = a};
    struct err *err = open_database(&c, a);
    enum files_where where;

    if (!err) {
        c.net = net_new();
        where = files_where_now(c.settings);
        c.is_local = where == FILES_LOCAL;
        err = files_place(a, options, c.settings, c.net, where, &c.place);
        if (c.store)
            file_store_use(c.store, &c.settings->s3);
    }
    if (!err)
        err = check_all(&c, a);
    close_database(&c);
    blob_place_unref(c.place);
    net_free(c.net);
    if (err)
        return command_fail_err(err);
    print_sums(a, &c);
    if (options->fix && c.names > 0 && c.listed == 0)
        return command_fail("the storage holds no file at all, so no name was taken out: is it "
                            "the right one?");
    if (fflush(stdout) != 0)
        return command_fail("what was found could not be written");
    return c.failed > 0 || c.files > c.removed || c.names > c.taken;
}
