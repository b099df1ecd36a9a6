/*
 * Stored files of records that change or go (records.md 8; data-dir.md 12.5).
 *
 * Invariant: what a unit leaves without a row that names it is removed, but only once the unit is
 * committed.
 */
#include "records/files.h"

#include "records/rows.h"
#include "records/sql.h"
#include "records/values.h"

/* A removal that waits for the commit; in the unit's arena. */
struct to_go {
    struct file_removal *removal; /* NULL: it is queued */
};

static void queue_removal(void *user)
{
    struct to_go *to_go = user;

    file_removal_queue(to_go->removal);
    to_go->removal = NULL;
}

static void drop_removal(void *user)
{
    struct to_go *to_go = user;

    file_removal_free(to_go->removal);
}

struct file_removal *rec_files_to_go(struct arena *a, struct db_conn *tx, struct file_store *store,
                                     struct blob_place *place)
{
    struct to_go *to_go;

    if (!store)
        return NULL;
    to_go = ARENA_NEW(a, struct to_go);
    to_go->removal = file_removal_new(store, place);
    arena_defer(a, drop_removal, to_go);
    db_after_commit(tx, queue_removal, to_go);
    return to_go->removal;
}

static void add_file(struct file_removal *files, struct str col, struct str rec, struct str name)
{
    const struct file_key key = {col, rec, name};

    file_removal_add(files, &key);
}

/* What was stored for the record and has no place in it goes from where it was stored. */
static void new_files_unnamed(const struct rec_work *work, struct file_store *store)
{
    const struct rec_uploads *uploads = work->uploads;
    struct file_removal *files = NULL;

    for (size_t i = 0; uploads && i < uploads->n; i++) {
        const struct rec_new_file *file = &uploads->items[i];

        if (!file->stored || rec_list_has(&work->values[file->field->at], file->file.name))
            continue;
        if (!files)
            files = rec_files_to_go(work->a, work->tx, store, uploads->place);
        add_file(files, uploads->col, uploads->rec, file->file.name);
    }
}

void rec_files_replaced(const struct rec_work *work, struct file_store *store)
{
    struct file_removal *files;

    if (!store || !rec_has_files(work->col))
        return;
    files = rec_files_to_go(work->a, work->tx, store, NULL);
    for (size_t i = 0; i < work->col->n_fields && work->old; i++) {
        const struct value *old = &work->old_values[i];

        if (work->col->fields[i].type->kind != FIELD_FILE)
            continue;
        for (size_t j = 0; j < old->list.n; j++)
            if (!rec_list_has(&work->values[i], old->list.items[j]))
                add_file(files, work->col->id, rec_id(work->old), old->list.items[j]);
    }
    new_files_unnamed(work, store);
}

static void add_files_of(struct arena *a, const struct rec *rec, struct file_removal *files)
{
    const struct schema_col *col = rec->col;

    for (size_t i = 0; i < col->n_fields; i++) {
        struct str_list names = {0};

        if (col->fields[i].type->kind == FIELD_FILE)
            names = rec_list_of(a, rec, &col->fields[i]);
        for (size_t j = 0; j < names.n; j++)
            add_file(files, col->id, rec_id(rec), names.items[j]);
    }
    add_file(files, col->id, rec_id(rec), STR_NONE);
}

struct err *rec_files_deleted(struct arena *a, struct db_conn *tx, struct file_removal *files,
                              const struct schema_col *col, struct str_list ids)
{
    AUTO_SQL struct rec_sql q;
    AUTO(db_release) struct db_stmt *stmt = NULL;
    struct err *err;
    bool row = true;

    rec_sql_init(&q, a, tx);
    if (!files || !rec_has_files(col))
        return NULL;
    rec_sql_select(&q, col);
    rec_sql_ident(&q, col->id_field->name);
    rec_sql_among(&q, ids.items, ids.n);
    err = rec_sql_prepare(&q, tx, &stmt);
    while (!err) {
        struct rec rec;

        err = db_step(a, stmt, &row);
        if (err || !row)
            break;
        rec = rec_copy_row(a, stmt, col);
        add_files_of(a, &rec, files);
    }
    return err;
}
