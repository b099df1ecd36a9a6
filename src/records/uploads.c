/*
 * The files that come with a draft (records.md 6.11, 7; data-dir.md 12.5).
 *
 * Invariant: a file is stored, under its final name, before the unit that writes the name into a
 * row. What becomes of it when no row names it is files.c's, or rec_draft_discard()'s where there
 * is no unit.
 */
#include "records/uploads.h"

#include "records/values.h"

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

/* The names of those that came under the same key as the one at that place; none where it is not
 * the first of them. */
static struct str_list names_of_key(struct arena *a, const struct rec_uploads *uploads, size_t at)
{
    struct str_list names = {ARENA_ARRAY(a, struct str, uploads->n), 0};

    for (size_t i = 0; i < uploads->n; i++) {
        const struct rec_new_file *file = &uploads->items[i];

        if (file->field != uploads->items[at].field || file->op != uploads->items[at].op)
            continue;
        if (i < at)
            return (struct str_list){NULL, 0};
        names.items[names.n++] = file->file.name;
    }
    return names;
}

/* Names submitted as texts beside the files of a key are kept, before them. */
static struct value replacing_value(struct arena *a, const struct schema_field *field,
                                    const struct json *body, struct str_list names)
{
    const struct json *texts = body ? json_get(body, field->name) : NULL;
    struct str_list kept = {0};
    struct str_list all;

    if (texts && texts->type != JSON_NULL)
        kept = field_json_list(a, texts);
    all = rec_list_fit(field, rec_list_join(a, kept, names));
    return (struct value){.type = VALUE_LIST, .list = {all.items, all.n}};
}

/* They are applied after all texts, those that replace before those that add. */
void rec_uploads_edit(struct arena *a, const struct rec_uploads *uploads, const struct json *body,
                      struct rec_edits *edits)
{
    for (int adding = 0; adding <= 1; adding++) {
        for (size_t i = 0; i < uploads->n; i++) {
            const struct rec_new_file *file = &uploads->items[i];
            struct rec_edit edit = {.field = file->field, .op = file->op};

            if ((file->op != REC_OP_SET) != adding)
                continue;
            edit.items = names_of_key(a, uploads, i);
            if (edit.items.n == 0)
                continue; /* with the first of its key */
            if (!adding)
                edit.value = replacing_value(a, file->field, body, edit.items);
            *VEC_PUSH(a, edits) = edit;
        }
    }
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

struct value rec_uploads_known(struct arena *a, const struct rec_uploads *uploads,
                               const struct schema_field *field, const struct value *stored)
{
    static const struct value none = {.type = VALUE_LIST};
    const struct value *old = stored ? stored : &none;
    size_t n_new = uploads ? uploads->n : 0;
    struct value known = {.type = VALUE_LIST};

    if (n_new == 0)
        return *old;
    known.list.items = ARENA_ARRAY(a, struct str, old->list.n + n_new);
    for (size_t i = 0; i < old->list.n; i++)
        known.list.items[known.list.n++] = old->list.items[i];
    for (size_t i = 0; i < n_new; i++)
        if (uploads->items[i].field == field)
            known.list.items[known.list.n++] = uploads->items[i].file.name;
    return known;
}

void rec_uploads_check(struct arena *a, const struct rec_uploads *uploads,
                       const struct schema_field *field, const struct value *value,
                       struct err **err)
{
    for (size_t i = 0; i < value->list.n; i++)
        for (size_t j = 0; uploads && j < uploads->n; j++) {
            const struct rec_new_file *file = &uploads->items[j];

            if (file->field == field && str_eq(file->file.name, value->list.items[i]))
                field_check_upload(a, field, &file->file, err);
        }
}

/* --- storing ---------------------------------------------------------------------------------- */

/* By itself, or with the others: more than the field takes, whatever else it holds; or it came with
 * a name that could not be noted. The unit will say so. */
static bool will_be_refused(struct arena *a, const struct rec_uploads *uploads,
                            const struct rec_new_file *file)
{
    const struct schema_field *field = file->field;
    struct err *items = NULL;
    size_t n = 0;

    for (size_t i = 0; i < uploads->n; i++)
        n += uploads->items[i].field == field;
    if (!utf8_valid(file->from->name) || (field->multiple && n > (size_t)field->file.max_select))
        return true;
    field_check_upload(a, field, &file->file, &items);
    return items != NULL;
}

static void let_go(void *user)
{
    file_place_unref(user);
}

struct err *rec_uploads_store(struct arena *a, struct rec_uploads *uploads,
                              struct file_store *store, struct str col, struct str rec,
                              const struct value *values, const atomic_bool *gone)
{
    struct err *err = NULL;
    size_t n = 0;

    uploads->col = col;
    uploads->rec = rec;
    if (!store || !file_is_segment(rec))
        return NULL; /* the unit finds out, unless it fails before that */
    uploads->place = file_store_hold(store);
    arena_defer(a, let_go, uploads->place);
    for (size_t i = 0; i < uploads->n && !err; i++) {
        struct rec_new_file *file = &uploads->items[i];
        const struct file_key key = {col, rec, file->file.name};

        if ((values && !rec_list_has(&values[file->field->at], file->file.name)) ||
            will_be_refused(a, uploads, file))
            continue;
        if (gone && atomic_load(gone))
            return err_new(a, E_GONE, NULL, "the client has left");
        err = file_store_put(a, store, uploads->place, &key, &file->from->content, &file->file.type,
                             file->from->name);
        file->stored = !err;
        n += file->stored;
    }
    return err || n == 0 ? err : file_store_sync(a, store, uploads->place, col, rec);
}

void rec_uploads_discard(struct rec_uploads *uploads, struct file_store *store)
{
    for (size_t i = 0; i < uploads->n; i++) {
        const struct file_key key = {uploads->col, uploads->rec, uploads->items[i].file.name};

        if (uploads->items[i].stored)
            file_store_remove_files(store, uploads->place, &key, 1);
        uploads->items[i].stored = false;
    }
}

struct err *rec_uploads_check_stored(struct arena *a, const struct rec_uploads *uploads,
                                     struct str rec, const struct value *values)
{
    for (size_t i = 0; uploads && i < uploads->n; i++) {
        const struct rec_new_file *file = &uploads->items[i];

        if (!rec_list_has(&values[file->field->at], file->file.name))
            continue;
        if (!file->stored || !str_eq(uploads->rec, rec)) /* a listener may choose another id */
            return err_new(a, E_BAD_REQUEST, NULL, "an upload was not stored for this record");
    }
    return NULL;
}
