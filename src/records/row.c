/*
 * Rows to JSON (records.md 5): the members of a collection's records are laid out once, then cells
 * are written straight into the answer.
 */
#include "base/limits.h"
#include "records/internal.h"

#include <string.h>

/* --- what is written -------------------------------------------------------------------------- */

/* Never in an answer, not even a superuser's. */
static bool is_secret(const struct schema_col *col, const struct schema_field *field)
{
    return rec_is_auth(col) && (field == col->auth->password || field == col->auth->token_key);
}

static bool is_word(struct str text)
{
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '_'))
            return false;
    }
    return true;
}

/* In quotes. What the API lets in as a name is a word; other programs may have written others. */
static struct str quoted(struct arena *a, struct str text, struct str after)
{
    AUTO_BUF struct buf out;

    buf_init(&out, 64 * KIB);
    if (is_word(text))
        return arena_concat(a, STR("\""), text, after);
    json_write_text(&out, text);
    out.n -= out.n > 0; /* the quote is part of what comes after */
    return arena_concat(a, buf_str(&out), after, STR_NONE);
}

static struct str member_name(struct arena *a, struct str name)
{
    return quoted(a, name, STR("\":"));
}

static struct str member_text(struct arena *a, struct str name, struct str value)
{
    return arena_concat(a, name, quoted(a, value, STR("\"")), STR_NONE);
}

/* Members that every record has, sorted. */
static size_t fixed_members(struct arena *a, const struct schema_col *col, struct str names[3],
                            struct rec_key keys[3])
{
    names[0] = STR("collectionId");
    names[1] = STR("collectionName");
    names[2] = STR("expand");
    keys[0] = (struct rec_key){.text = member_text(a, STR("\"collectionId\":"), col->id)};
    keys[1] = (struct rec_key){.text = member_text(a, STR("\"collectionName\":"), col->name)};
    keys[2] = (struct rec_key){.is_expand = true, .text = STR("\"expand\":")};
    return 3;
}

struct rec_plan *rec_plan_new(struct arena *a, const struct schema_col *col, bool superuser)
{
    struct rec_plan *plan = ARENA_NEW(a, struct rec_plan);
    struct rec_key fixed[3];
    struct str names[3];
    size_t n_fixed = fixed_members(a, col, names, fixed);
    size_t at = 0;

    plan->col = col;
    plan->keys = ARENA_ARRAY(a, struct rec_key, col->n_fields + n_fixed);
    if (rec_is_auth(col) && !superuser)
        plan->email = col->auth->email;
    for (size_t i = 0; i < col->n_fields; i++) {
        const struct schema_field *field = col->by_name[i];

        while (at < n_fixed && str_cmp(names[at], field->name) < 0)
            plan->keys[plan->n++] = fixed[at++];
        if (is_secret(col, field) || (field->hidden && !superuser))
            continue;
        plan->keys[plan->n++] =
            (struct rec_key){.field = field, .text = member_name(a, field->name)};
    }
    while (at < n_fixed)
        plan->keys[plan->n++] = fixed[at++];
    return plan;
}

/* --- writing ---------------------------------------------------------------------------------- */

void rec_writer_init(struct rec_writer *w, struct arena *a, struct db_conn *conn, struct buf *out)
{
    *w = (struct rec_writer){.scratch = arena_child(a), .conn = conn, .out = out};
}

struct err *rec_check_full(struct arena *a, const struct buf *out)
{
    if (!out->full)
        return NULL;
    return err_new(a, E_UNAVAILABLE, NULL, "the answer has over %zu bytes", out->max);
}

/* Every so often the limits; also inside an expand. */
static struct err *record_done(struct rec_writer *w)
{
    if (w->out->full)
        return rec_check_full(w->scratch, w->out);
    return ++w->n_records % REC_ROWS_A_CHECK ? NULL : db_check_limits(w->scratch, w->conn);
}

static bool email_is_visible(struct rec_writer *w, const struct rec_level *level,
                             const struct rec *rec)
{
    const struct schema_auth *auth = rec->col->auth;
    struct str id = rec_id(rec);

    if (level->emails_shown || rec_truth(w->scratch, rec, auth->email_visibility))
        return true;
    if (level->actor->auth && str_eq(level->actor->request.auth_id, id))
        return true;
    return map_find(&level->managed, id) != NULL;
}

static struct err *write_record(struct rec_writer *w, const struct rec_level *level,
                                const struct db_value *cells);

/* What the record points to in this branch, as far as it was found. */
static struct str_list branch_ids(struct rec_writer *w, const struct rec_branch *branch,
                                  const struct rec *rec)
{
    const struct str_list *back;

    if (!branch->hop.back)
        return rec_list_of(w->scratch, rec, branch->hop.field);
    back = map_find(&branch->back_ids, rec_id(rec));
    return back ? *back : (struct str_list){NULL, 0};
}

static struct err *write_branch(struct rec_writer *w, const struct rec_branch *branch,
                                const struct rec *rec, bool *first)
{
    struct str_list ids = branch_ids(w, branch, rec);
    struct err *err = NULL;
    size_t n = 0;

    for (size_t i = 0; i < ids.n && !err; i++) {
        const struct rec *target = map_find(&branch->by_id, ids.items[i]);

        if (!target || (branch->hop.single && n > 0))
            continue;
        if (n == 0) {
            buf_add(w->out, *first ? STR_NONE : STR(","));
            json_write_text(w->out, branch->name);
            buf_add(w->out, branch->hop.single ? STR(":") : STR(":["));
            *first = false;
        } else {
            BUF_ADD(w->out, ",");
        }
        n++;
        err = write_record(w, &branch->level, target->cells);
    }
    if (n > 0 && !branch->hop.single)
        BUF_ADD(w->out, "]");
    return err;
}

static struct err *write_expand(struct rec_writer *w, const struct rec_level *level,
                                const struct rec *rec)
{
    struct err *err = NULL;
    bool first = true;

    BUF_ADD(w->out, "{");
    for (size_t i = 0; i < level->n_kept && !err; i++)
        err = write_branch(w, level->kept[i], rec, &first);
    BUF_ADD(w->out, "}");
    return err;
}

static struct err *write_key(struct rec_writer *w, const struct rec_level *level,
                             const struct rec_key *key, const struct rec *rec)
{
    buf_add(w->out, key->text);
    if (key->is_expand)
        return write_expand(w, level, rec);
    if (key->field)
        key->field->type->write(w->scratch, w->out, key->field, rec->cells[key->field->at]);
    return NULL;
}

/* As deep as expands are, which LIMIT_EXPAND_DEPTH bounds. The scratch arena is not reset inside.
 */
static struct err *write_record(struct rec_writer *w, const struct rec_level *level,
                                const struct db_value *cells)
{
    const struct rec_plan *plan = level->plan;
    const struct rec rec = {.col = plan->col, .cells = cells};
    bool email = plan->email && !email_is_visible(w, level, &rec);
    char before = '{';

    for (size_t i = 0; i < plan->n; i++) {
        const struct rec_key *key = &plan->keys[i];
        struct err *err;

        if ((email && key->field == plan->email) || (key->is_expand && level->n_kept == 0))
            continue;
        buf_add_byte(w->out, before);
        before = ',';
        err = write_key(w, level, key, &rec);
        if (err)
            return err;
    }
    BUF_ADD(w->out, "}");
    return record_done(w);
}

struct err *rec_write_row(struct rec_writer *w, const struct rec_level *level,
                          const struct db_value *cells)
{
    if (arena_used(w->scratch) > REC_SCRATCH_BYTES)
        arena_reset(w->scratch);
    return write_record(w, level, cells);
}
