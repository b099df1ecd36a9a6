/*
 * Deleting with relation integrity and cascade (records.md 12), as set operations: a frame is a set
 * of deleted records of one collection, whose references are then dealt with collection by
 * collection; records that go with them make the next frame.
 *
 * Which record goes is the same in every order, with two exceptions: where a record that a cascade
 * would delete is also held by a required relation without cascade, upstream's answer depends on
 * which of the two is met first; and where emptied relations may clash in a unique index, on what
 * is already gone by then. Such collections are recognised beforehand (is_ordered) and handled one
 * record at a time, depth first, as upstream does.
 *
 * A record that loses a reference is saved whole: all its columns are brought to normal form and
 * its autodates move, but nothing is validated. One that cannot be read refuses the delete; one
 * that is to be deleted itself is not found.
 */
#include "records/remove.h"
#include "records/heard.h"

#include "base/limits.h"
#include "base/map.h"
#include "db/dialect.h"
#include "records/companions.h"
#include "records/feed.h"
#include "records/files.h"
#include "records/rows.h"
#include "records/save.h"
#include "records/sql.h"
#include "records/values.h"

#define FAILED                                                             \
    "Failed to delete record. Make sure that the record is not part of a " \
    "required relation reference."

#define BATCH 4000 /* referencing records looked at in one question */

static const char last_superuser[] = "You can't delete the only existing superuser.";

struct frame {
    const struct schema_col *col;
    struct str_list ids;
    bool deleted;      /* the rows are gone */
    size_t next_back;  /* which references come next */
    struct map id_set; /* of ids, once it is needed */

    /* the references being dealt with, one record at a time */
    struct str_list todo;
    size_t next_todo;
    bool more;     /* the question was cut at BATCH: ask again */
    bool moved;    /* one of them no longer refers to us: asking again leads somewhere */
    size_t n_kept; /* of these references: those that listeners have kept as they were */

    struct frame *below;
};

struct removal {
    struct arena *a;
    struct arena *scratch; /* reset with each referencing record */
    struct db_conn *tx;
    const struct rec_scope *scope;
    struct file_removal *files; /* NULL: they stay */
    bool told;                  /* of the first record, all stages but the last have been raised */
    bool ordered;               /* one record a frame */
    size_t n_found;             /* referencing records so far */
    struct frame *top;
};

/* --- what may happen, from the schema alone --------------------------------------------------- */

static bool is_stored(const struct schema_back *back)
{
    return back->col->type != SCHEMA_VIEW;
}

bool rec_cascades(const struct schema_col *col)
{
    for (size_t i = 0; i < col->n_backs; i++)
        if (is_stored(&col->backs[i]) && col->backs[i].field->relation.cascade_delete)
            return true;
    return false;
}

/* Marks the collections in which a delete in col may delete. */
static void mark_reached(struct arena *a, const struct schema *schema, const struct schema_col *col,
                         bool *reached)
{
    const struct schema_col **queue = ARENA_ARRAY(a, const struct schema_col *, schema->n_cols);
    size_t n = 0;

    queue[n++] = col;
    reached[col->number] = true;
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < queue[i]->n_backs; j++) {
            const struct schema_back *back = &queue[i]->backs[j];

            if (!is_stored(back) || !back->field->relation.cascade_delete ||
                reached[back->col->number])
                continue;
            reached[back->col->number] = true;
            queue[n++] = back->col;
        }
    }
}

/* Whether emptying the relation may violate a unique index. */
static bool may_clash(const struct schema_back *back)
{
    if (back->field->relation.cascade_delete && !back->field->multiple)
        return false; /* its record goes */
    for (size_t i = 0; i < back->col->n_indexes; i++) {
        const struct schema_index *index = &back->col->indexes[i];

        for (size_t j = 0; index->unique && j < index->columns.n; j++)
            if (str_eq_nocase(index->columns.items[j], back->field->name))
                return true;
    }
    return false;
}

/* Whether a record that goes may be held by a required relation of another one that may go too, or
 * by a relation that only one record may have empty. */
static bool is_ordered(struct arena *a, const struct schema *schema, const struct schema_col *col)
{
    bool *reached = ARENA_ARRAY(a, bool, schema->n_cols);

    if (!rec_cascades(col))
        return false;
    mark_reached(a, schema, col, reached);
    for (size_t i = 0; i < schema->n_cols; i++) {
        for (size_t j = 0; reached[i] && j < schema->cols[i]->n_backs; j++) {
            const struct schema_back *back = &schema->cols[i]->backs[j];

            if (!is_stored(back))
                continue;
            if (may_clash(back) || (reached[back->col->number] && back->field->required &&
                                    !back->field->relation.cascade_delete))
                return true;
        }
    }
    return false;
}

/* --- frames ----------------------------------------------------------------------------------- */

static void push_frame(struct removal *r, const struct schema_col *col, struct str_list ids)
{
    struct frame *frame;

    if (ids.n == 0)
        return;
    frame = ARENA_NEW(r->a, struct frame);
    frame->col = col;
    frame->ids = ids;
    frame->below = r->top;
    r->top = frame;
}

static bool frame_has(const struct removal *r, struct frame *frame, struct str id)
{
    if (frame->ids.n == 1)
        return str_eq(frame->ids.items[0], id);
    if (frame->id_set.n > 0)
        return map_find(&frame->id_set, id) != NULL;
    for (size_t i = 0; i < frame->ids.n; i++)
        map_put(r->a, &frame->id_set, frame->ids.items[i], frame);
    return map_find(&frame->id_set, id) != NULL;
}

static struct err *check_superusers_left(const struct removal *r)
{
    AUTO_SQL struct rec_sql q;
    struct err *err;
    bool left;

    rec_sql_init(&q, r->a, r->tx);
    REC_SQL(&q, "SELECT 1 FROM ");
    rec_sql_ident(&q, r->scope->schema->superusers->name);
    REC_SQL(&q, " LIMIT 1");
    err = rec_sql_exists(&q, r->tx, &left);
    if (err || left)
        return err;
    return err_new(r->a, E_BAD_REQUEST, last_superuser, "the last superuser");
}

/* For who follows, while the rows are there. */
static struct err *note_deletes(const struct removal *r, const struct frame *frame)
{
    AUTO_SQL struct rec_sql q;

    rec_sql_init(&q, r->a, r->tx);
    if (!rec_feed_wants(r->scope, frame->col))
        return NULL;
    rec_sql_select(&q, frame->col);
    rec_sql_ident(&q, frame->col->id_field->name);
    rec_sql_among(&q, frame->ids.items, frame->ids.n);
    return rec_note_deletes(&q, r->tx, r->scope, frame->col);
}

static struct err *delete_rows(const struct removal *r, struct frame *frame)
{
    AUTO_SQL struct rec_sql q;
    struct err *err;

    rec_sql_init(&q, r->a, r->tx);
    err = rec_files_deleted(r->a, r->tx, r->files, frame->col, frame->ids);
    if (!err)
        err = note_deletes(r, frame);
    if (err)
        return err;
    REC_SQL(&q, "DELETE FROM ");
    rec_sql_ident(&q, frame->col->name);
    REC_SQL(&q, " WHERE ");
    rec_sql_ident(&q, frame->col->id_field->name);
    rec_sql_among(&q, frame->ids.items, frame->ids.n);
    err = rec_sql_exec(&q, r->tx, NULL);
    if (!err && frame->col == r->scope->schema->superusers)
        err = check_superusers_left(r);
    if (!err && frame->col->auth)
        err = rec_forget_all(r->a, r->tx, r->scope, frame->col, frame->ids);
    frame->deleted = !err;
    return err;
}

/* --- with listeners, a record a frame --------------------------------------------------------- */

struct heard_frame {
    struct rec_work work; /* first: rec_write_rows() hands it back */
    const struct removal *r;
    struct frame *frame;
};

static struct err *delete_row(struct rec_work *work)
{
    struct heard_frame *it = (struct heard_frame *)work;

    return delete_rows(it->r, it->frame);
}

static struct err *delete_heard(struct rec_heard *heard)
{
    struct heard_frame *it = heard->user;

    return rec_write_rows(&it->work, EVENT_RECORD_DELETE, delete_row);
}

/* Of the record that was asked for, all but the last stage is the caller's where r->told. */
static struct err *raise_delete(const struct removal *r, struct frame *frame)
{
    struct heard_frame it = {
        .r = r,
        .frame = frame,
        .work = {.a = r->a, .tx = r->tx, .scope = r->scope, .col = frame->col}};
    struct rec_heard heard = {
        .a = r->a, .kind = EVENT_RECORD_DELETE, .execute = delete_heard, .user = &it};
    struct rec *old;
    struct err *err = rec_find_row(r->a, r->tx, frame->col, frame->ids.items[0], &old);

    if (err || !old)
        return err; /* gone with an inner cascade */
    it.work.old = old;
    heard.event = rec_event_of(&it.work);
    return r->told && !frame->below ? delete_heard(&heard) : rec_write_inside(r->tx, &heard);
}

/* A record that a listener keeps stays as it is, and so does what refers to it. */
static struct err *delete_frame(const struct removal *r, struct frame *frame)
{
    struct err *err;

    if (!rec_hears(r->scope, EVENT_RECORD_DELETE, EVENT_ANY_STAGE, frame->col))
        return delete_rows(r, frame);
    err = raise_delete(r, frame);
    if (!err && !frame->deleted) {
        frame->deleted = true;
        frame->next_back = frame->col->n_backs;
        if (frame->below)
            frame->below->n_kept++;
    }
    return err;
}

/* --- references ------------------------------------------------------------------------------- */

/* " FROM <col> WHERE <the field holds one of the frame's ids>" */
static void where_referencing(struct rec_sql *q, const struct schema_back *back,
                              const struct frame *frame)
{
    AUTO_BUF struct buf column;

    buf_init(&column, 1 * KIB);
    REC_SQL(q, " FROM ");
    rec_sql_ident(q, back->col->name);
    REC_SQL(q, " WHERE ");
    if (!back->field->multiple) {
        rec_sql_ident(q, back->field->name);
        rec_sql_among(q, frame->ids.items, frame->ids.n);
        return;
    }
    q->dialect->ident(&column, back->col->name);
    BUF_ADD(&column, ".");
    q->dialect->ident(&column, back->field->name);
    REC_SQL(q, "EXISTS (SELECT 1 FROM ");
    q->dialect->json_each(&q->text, buf_str(&column), STR("item"));
    REC_SQL(q, " WHERE ");
    rec_sql_column(q, STR("item"), STR("value"));
    rec_sql_among(q, frame->ids.items, frame->ids.n);
    REC_SQL(q, ")");
}

/* Rows whose id is no text are left out: no statement of ours would find them. */
static struct err *find_referencing(struct removal *r, const struct schema_back *back,
                                    struct frame *frame)
{
    VEC(struct str) found = {0};
    AUTO_SQL struct rec_sql q;
    AUTO(db_release) struct db_stmt *stmt = NULL;
    struct err *err;
    size_t n_rows = 0;
    bool row = true;

    rec_sql_init(&q, r->a, r->tx);
    REC_SQL(&q, "SELECT ");
    rec_sql_ident(&q, back->col->id_field->name);
    where_referencing(&q, back, frame);
    REC_SQL(&q, " LIMIT ");
    buf_add_u64(&q.text, BATCH);
    REC_SQL(&q, " OFFSET ");
    buf_add_u64(&q.text, frame->n_kept); /* they come first again */
    err = rec_sql_prepare(&q, r->tx, &stmt);
    while (!err) {
        err = db_step(r->a, stmt, &row);
        if (err || !row)
            break;
        n_rows++;
        if (db_column(stmt, 0).type == DB_TEXT)
            *VEC_PUSH(r->a, &found) = arena_dup(r->a, db_column_text(stmt, 0));
    }
    frame->todo = (struct str_list){found.items, found.n};
    frame->next_todo = 0;
    frame->more = n_rows == BATCH;
    frame->moved = false;
    r->n_found += n_rows;
    if (!err && r->n_found > LIMIT_GROUPED_SAVES && db_is_grouped(r->tx))
        return err_new(r->a, E_OVER_BUDGET, NULL, "over %d records refer to it",
                       LIMIT_GROUPED_SAVES);
    return err;
}

static bool has_unreadable(const struct schema_col *col)
{
    for (size_t i = 0; i < col->n_fields; i++)
        if (col->fields[i].type->is_readable)
            return true;
    return false;
}

/*
 * One referencing record, as it is now. *ret_goes: it is to be deleted; else it is saved, even
 * where the id is not in the list as it is read (next to what is no text): once saved, it names
 * nothing.
 */
static struct err *release_one(const struct removal *r, const struct schema_back *back,
                               struct frame *frame, struct str id, bool *ret_goes)
{
    const struct schema_field *field = back->field;
    struct rec_work work = {.a = r->scratch, .tx = r->tx, .scope = r->scope, .col = back->col};
    struct str_list left = {0};
    struct value *refs;
    struct rec *rec;
    struct err *err;

    *ret_goes = false;
    arena_reset(r->scratch);
    err = rec_find_row(r->scratch, r->tx, back->col, id, &rec);
    if (err || !rec)
        return err; /* gone with an inner cascade */
    if (!rec_is_readable(r->scratch, rec))
        return err_new(r->a, E_BAD_REQUEST, FAILED, "unreadable: %.*s of %.*s", STR_ARG(id),
                       STR_ARG(back->col->name));
    work.old = rec;
    work.values = rec_load(r->scratch, rec);
    refs = &work.values[field->at];
    left.items = ARENA_ARRAY(r->scratch, struct str, refs->list.n);
    for (size_t i = 0; i < refs->list.n; i++)
        if (!frame_has(r, frame, refs->list.items[i]))
            left.items[left.n++] = refs->list.items[i];
    refs->list.items = left.items;
    refs->list.n = left.n;
    frame->moved = true;
    *ret_goes = left.n == 0 && field->relation.cascade_delete;
    if (*ret_goes)
        return NULL;
    if (left.n == 0 && field->required)
        return err_new(r->a, E_BAD_REQUEST, FAILED, "required by %.*s of %.*s",
                       STR_ARG(field->name), STR_ARG(back->col->name));
    err = rec_save_normal(&work);
    frame->n_kept += !err && !work.cells;
    return err;
}

/* Deals with what find_referencing() found: all of it, or the next record where order counts. */
static struct err *release_found(struct removal *r, const struct schema_back *back,
                                 struct frame *frame)
{
    VEC(struct str) going = {0};
    struct err *err = NULL;
    bool goes;

    if (!r->ordered && !back->field->multiple && back->field->relation.cascade_delete &&
        !has_unreadable(back->col)) { /* it held one id, and that is gone */
        frame->next_todo = frame->todo.n;
        frame->moved = true;
        push_frame(r, back->col, frame->todo);
        return NULL;
    }
    while (!err && frame->next_todo < frame->todo.n && !(r->ordered && going.n)) {
        struct str id = frame->todo.items[frame->next_todo++];

        err = release_one(r, back, frame, id, &goes);
        if (!err && goes)
            *VEC_PUSH(r->a, &going) = id;
    }
    if (!err)
        push_frame(r, back->col, (struct str_list){going.items, going.n});
    return err;
}

static void end_references(struct frame *frame)
{
    frame->todo.n = frame->next_todo = frame->n_kept = 0;
    frame->more = false;
    frame->next_back++;
}

/* The next piece of work on the topmost frame. */
static struct err *next_step(struct removal *r, struct frame *frame)
{
    const struct schema_back *back = &frame->col->backs[frame->next_back];
    struct err *err;

    if (!frame->deleted)
        return delete_frame(r, frame);
    if (frame->next_todo < frame->todo.n)
        return release_found(r, back, frame);
    if (frame->next_back == frame->col->n_backs) {
        r->top = frame->below;
        return NULL;
    }
    if (!is_stored(back) || (frame->todo.n > 0 && !(frame->more && frame->moved))) {
        end_references(frame);
        return NULL;
    }
    err = find_referencing(r, back, frame);
    if (!err && frame->todo.n == 0)
        end_references(frame);
    return err;
}

/* Whether somebody listens to what may become of records that go, or lose a reference. */
static bool hears_any(const struct removal *r, const struct schema_col *col)
{
    const struct schema *schema = r->scope->schema;
    bool *reached;

    if (!r->scope->events)
        return false;
    reached = ARENA_ARRAY(r->a, bool, schema->n_cols);
    mark_reached(r->a, schema, col, reached);
    for (size_t i = 0; i < schema->n_cols; i++) {
        if (!reached[i])
            continue;
        if (rec_hears(r->scope, EVENT_RECORD_DELETE, EVENT_ANY_STAGE, schema->cols[i]))
            return true;
        for (size_t j = 0; j < schema->cols[i]->n_backs; j++)
            if (rec_hears(r->scope, EVENT_RECORD_UPDATE, EVENT_ANY_STAGE,
                          schema->cols[i]->backs[j].col))
                return true;
    }
    return false;
}

struct err *rec_remove_told(struct arena *a, struct db_conn *tx, const struct rec_scope *scope,
                            struct file_removal *files, const struct rec *rec, bool told)
{
    struct removal r = {.a = a, .tx = tx, .scope = scope, .files = files, .told = told};
    struct str_list ids = {ARENA_NEW(a, struct str), 1};
    struct err *err = NULL;

    r.scratch = arena_child(a);
    if (!rec_is_readable(r.scratch, rec))
        return err_new(a, E_NOT_FOUND, NULL, "the record to delete is unreadable");
    r.ordered = is_ordered(a, scope->schema, rec->col) || hears_any(&r, rec->col);
    ids.items[0] = rec_id(rec);
    push_frame(&r, rec->col, ids);
    while (r.top && !err)
        err = next_step(&r, r.top);
    return err_say(err, FAILED);
}

struct err *rec_remove(struct arena *a, struct db_conn *tx, const struct rec_scope *scope,
                       struct file_removal *files, const struct rec *rec)
{
    return rec_remove_told(a, tx, scope, files, rec, false);
}
