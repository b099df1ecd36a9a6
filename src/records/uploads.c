/*
 * Uploads of a draft, and what becomes of stored files when records change or go (records.md 6.11,
 * 7, 8; data-dir.md 12.5).
 *
 * Invariants
 *  1. A file is stored, under its final name, before the unit that writes the name into a row.
 *  2. What a unit leaves without a row that names it is removed after the commit, or by
 *     rec_draft_discard() where there is none.
 */
#include "records/internal.h"

/* --- which of them count ---------------------------------------------------------------------- */

void rec_uploads_find(struct arena *a, const struct rec_request *request, bool superuser,
                      struct rec_uploads *ret)
{
    *ret = (struct rec_uploads){.items = ARENA_ARRAY(a, struct rec_new_file, request->n_uploads)};
    for (size_t i = 0; i < request->n_uploads; i++) {
        const struct rec_upload *upload = &request->uploads[i];
        struct rec_new_file *file = &ret->items[ret->n];
        bool generate;

        file->from = upload;
        file->field = rec_key_field(request->col, upload->key, &file->op, &generate);
        if (file->field && file->field->type->kind == FIELD_FILE && file->op != REC_OP_REMOVE &&
            rec_may_set(request->col, file->field, superuser))
            ret->n++;
    }
}

struct err *rec_uploads_look(struct arena *a, struct rec_uploads *uploads)
{
    for (size_t i = 0; i < uploads->n; i++) {
        struct field_upload *file = &uploads->items[i].file;
        const struct rec_upload *from = uploads->items[i].from;
        struct str head;
        struct err *err = file_head(a, &from->content, &head);

        if (err)
            return err;
        file->type = file_sniff(head);
        file->client_name = from->name;
        file->size = from->content.size;
        file->name = file_name(a, from->name, file->type.extension);
    }
    return NULL;
}

/* --- as values -------------------------------------------------------------------------------- */

static bool comes_first(const struct rec_uploads *uploads, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (uploads->items[i].field == uploads->items[at].field &&
            uploads->items[i].op == uploads->items[at].op)
            return false;
    return true;
}

/* The names of those that came under the same key as the one at that place. */
static struct str_list names_with(struct arena *a, const struct rec_uploads *uploads, size_t at)
{
    struct str_list names = {ARENA_ARRAY(a, struct str, uploads->n), 0};

    for (size_t i = at; i < uploads->n; i++)
        if (uploads->items[i].field == uploads->items[at].field &&
            uploads->items[i].op == uploads->items[at].op)
            names.items[names.n++] = uploads->items[i].file.name;
    return names;
}

/* Names submitted as texts beside the files of a key are kept, before them. */
static struct value value_with(struct arena *a, const struct schema_field *field,
                               const struct json *texts, struct str_list names)
{
    struct str_list kept = {0};
    struct str_list all;

    if (texts && texts->type != JSON_NULL)
        kept = field_json_list(a, texts);
    all = (struct str_list){ARENA_ARRAY(a, struct str, kept.n + names.n), 0};
    for (size_t i = 0; i < kept.n; i++)
        all.items[all.n++] = kept.items[i];
    for (size_t i = 0; i < names.n; i++)
        all.items[all.n++] = names.items[i];
    all = str_list_unique(a, all);
    if (!field->multiple && all.n > 1)
        all = (struct str_list){&all.items[all.n - 1], 1};
    return (struct value){.type = VALUE_LIST, .list = {all.items, all.n}};
}

static void add_edits(struct arena *a, const struct rec_uploads *uploads, const struct json *body,
                      bool replacing, struct rec_edits *edits)
{
    for (size_t i = 0; i < uploads->n; i++) {
        const struct rec_new_file *file = &uploads->items[i];
        struct rec_edit edit = {.field = file->field, .op = file->op};

        if ((file->op == REC_OP_SET) != replacing || !comes_first(uploads, i))
            continue;
        edit.items = names_with(a, uploads, i);
        if (replacing)
            edit.value = value_with(a, file->field, body ? json_get(body, file->field->name) : NULL,
                                    edit.items);
        *VEC_PUSH(a, edits) = edit;
    }
}

/* They are applied after all texts, those that replace before those that add. */
void rec_uploads_edit(struct arena *a, const struct rec_uploads *uploads, const struct json *body,
                      struct rec_edits *edits)
{
    add_edits(a, uploads, body, true, edits);
    add_edits(a, uploads, body, false, edits);
}

const struct json *rec_uploads_body(struct arena *a, const struct rec_uploads *uploads,
                                    const struct json *body)
{
    size_t n = body ? body->n : 0;
    struct json_member *members = ARENA_ARRAY(a, struct json_member, n + uploads->n);
    struct json *whole = ARENA_NEW(a, struct json);

    for (size_t i = 0; i < n; i++)
        members[i] = body->members[i];
    for (size_t i = 0; i < uploads->n; i++) {
        struct str name = uploads->items[i].field->name;

        if (body && json_get(body, name))
            continue; /* its value is the resolved one in any case */
        members[n++] = (struct json_member){name, json_of_text(uploads->items[i].file.name)};
    }
    *whole = json_of_object(members, n);
    return whole;
}

/* --- checks ----------------------------------------------------------------------------------- */

static bool holds(const struct value *value, struct str name)
{
    for (size_t i = 0; i < value->list.n; i++)
        if (str_eq(value->list.items[i], name))
            return true;
    return false;
}

/* The names that may stand in the field: those stored already, and the new ones. */
static struct value known_names(const struct rec_work *work, const struct schema_field *field)
{
    static const struct value none = {.type = VALUE_LIST};
    const struct value *old = work->old ? &work->old_values[field->at] : &none;
    size_t n_new = work->uploads ? work->uploads->n : 0;
    struct value known = {.type = VALUE_LIST};

    if (n_new == 0)
        return *old;
    known.list.items = ARENA_ARRAY(work->a, struct str, old->list.n + n_new);
    for (size_t i = 0; i < old->list.n; i++)
        known.list.items[known.list.n++] = old->list.items[i];
    for (size_t i = 0; i < n_new; i++)
        if (work->uploads->items[i].field == field)
            known.list.items[known.list.n++] = work->uploads->items[i].file.name;
    return known;
}

/* In the order of the value. */
static void check_new(const struct rec_work *work, const struct schema_field *field,
                      const struct value *value, struct err **err)
{
    for (size_t i = 0; i < value->list.n; i++)
        for (size_t j = 0; work->uploads && j < work->uploads->n; j++) {
            const struct rec_new_file *file = &work->uploads->items[j];

            if (file->field == field && str_eq(file->file.name, value->list.items[i]))
                field_check_upload(work->a, field, &file->file, err);
        }
}

void rec_check_files(const struct rec_work *work, const struct schema_field *field,
                     struct err **err)
{
    const struct value *value = &work->values[field->at];
    const struct value known = known_names(work, field);

    if (!field_check_files(work->a, field, value, &known, err))
        return;
    field->type->check(work->a, field, value, err);
    if (!rec_has_item(*err, field->name))
        check_new(work, field, value, err);
}

/* --- storing ---------------------------------------------------------------------------------- */

/* More than the field takes, whatever else it holds: the unit will say so. */
static bool too_many(const struct rec_uploads *uploads, const struct schema_field *field)
{
    size_t n = 0;

    for (size_t i = 0; i < uploads->n; i++)
        n += uploads->items[i].field == field;
    return field->multiple && n > (size_t)field->file.max_select;
}

static bool will_be_refused(struct arena *a, const struct rec_uploads *uploads,
                            const struct rec_new_file *file)
{
    struct err *items = NULL;

    if (too_many(uploads, file->field))
        return true;
    field_check_upload(a, file->field, &file->file, &items);
    return items != NULL;
}

struct err *rec_uploads_store(struct arena *a, struct rec_uploads *uploads,
                              struct file_store *store, struct str col, struct str rec,
                              const struct value *values)
{
    struct err *err = NULL;
    size_t n = 0;

    uploads->col = col;
    uploads->rec = rec;
    if (!store || !file_is_segment(rec))
        return NULL; /* the unit finds out, unless it fails before that */
    for (size_t i = 0; i < uploads->n && !err; i++) {
        struct rec_new_file *file = &uploads->items[i];
        const struct file_key key = {col, rec, file->file.name};

        if ((values && !holds(&values[file->field->at], file->file.name)) ||
            will_be_refused(a, uploads, file))
            continue;
        err = file_store_put(a, store, &key, &file->from->content, &file->file.type,
                             file->from->name);
        file->stored = !err;
        n += file->stored;
    }
    return err || n == 0 ? err : file_store_sync(a, store, col, rec);
}

void rec_uploads_discard(struct rec_uploads *uploads, struct file_store *store)
{
    for (size_t i = 0; i < uploads->n; i++) {
        const struct file_key key = {uploads->col, uploads->rec, uploads->items[i].file.name};

        if (uploads->items[i].stored)
            file_store_remove_files(store, &key, 1);
        uploads->items[i].stored = false;
    }
}

struct err *rec_uploads_check_stored(const struct rec_work *work)
{
    for (size_t i = 0; work->uploads && i < work->uploads->n; i++) {
        const struct rec_new_file *file = &work->uploads->items[i];

        if (!file->stored && holds(&work->values[file->field->at], file->file.name))
            return err_new(work->a, E_BAD_REQUEST, NULL, "an upload was not stored");
    }
    return NULL;
}

/* --- after the commit ------------------------------------------------------------------------- */

/* A removal that waits for the commit; in the unit's arena. */
struct to_go {
    struct file_removal *removal; /* NULL: it is queued */
};

static void go(void *user)
{
    struct to_go *to_go = user;

    file_removal_queue(to_go->removal);
    to_go->removal = NULL;
}

static void stay(void *user)
{
    struct to_go *to_go = user;

    file_removal_free(to_go->removal);
}

struct file_removal *rec_files_to_go(struct arena *a, struct db_conn *tx, struct file_store *store)
{
    struct to_go *to_go;

    if (!store)
        return NULL;
    to_go = ARENA_NEW(a, struct to_go);
    to_go->removal = file_removal_new(store);
    arena_defer(a, stay, to_go);
    db_after_commit(tx, go, to_go);
    return to_go->removal;
}

static void remove_one(struct file_removal *files, struct str col, struct str rec, struct str name)
{
    const struct file_key key = {col, rec, name};

    file_removal_add(files, &key);
}

static void add_dropped(const struct rec_work *work, const struct schema_field *field,
                        struct file_removal *files)
{
    const struct value *old = &work->old_values[field->at];

    for (size_t i = 0; i < old->list.n; i++)
        if (!holds(&work->values[field->at], old->list.items[i]))
            remove_one(files, work->col->id, rec_id(work->old), old->list.items[i]);
}

void rec_files_replaced(const struct rec_work *work, struct file_store *store)
{
    struct file_removal *files;

    if (!store || !rec_has_files(work->col))
        return;
    files = rec_files_to_go(work->a, work->tx, store);
    for (size_t i = 0; i < work->col->n_fields && work->old; i++)
        if (work->col->fields[i].type->kind == FIELD_FILE)
            add_dropped(work, &work->col->fields[i], files);
    for (size_t i = 0; work->uploads && i < work->uploads->n; i++) {
        const struct rec_new_file *file = &work->uploads->items[i];

        if (file->stored && !holds(&work->values[file->field->at], file->file.name))
            remove_one(files, work->uploads->col, work->uploads->rec, file->file.name);
    }
}

bool rec_has_files(const struct schema_col *col)
{
    for (size_t i = 0; i < col->n_fields; i++)
        if (col->fields[i].type->kind == FIELD_FILE)
            return true;
    return false;
}

static void add_files_of(struct arena *a, const struct rec *rec, struct file_removal *files)
{
    const struct schema_col *col = rec->col;

    for (size_t i = 0; i < col->n_fields; i++) {
        struct str_list names = {0};

        if (col->fields[i].type->kind == FIELD_FILE)
            names = rec_list_of(a, rec, &col->fields[i]);
        for (size_t j = 0; j < names.n; j++)
            remove_one(files, col->id, rec_id(rec), names.items[j]);
    }
    remove_one(files, col->id, rec_id(rec), STR_NONE);
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
