/*
 * Rows to JSON (records.md 5): the members of a collection's records are laid out once, then cells
 * are written straight into the answer.
 */
#include "records/row.h"

#include "base/limits.h"
#include "records/values.h"

/* What writing rows may gather before it is thrown away. */
#define SCRATCH_BYTES 65536

/* --- what is written -------------------------------------------------------------------------- */

/* In quotes. What the API lets in as a name is a word; other programs may have written others. */
static struct str quoted_text(struct arena *a, struct str text, struct str after)
{
    AUTO_BUF struct buf out;
    bool is_word = true;

    buf_init(&out, 64 * KIB);
    for (size_t i = 0; i < text.n && is_word; i++) {
        char c = text.p[i];

        is_word =
            (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    }
    if (is_word)
        return arena_concat(a, STR("\""), text, after);
    json_write_text(&out, text);
    out.n -= out.n > 0; /* the quote is part of what comes after */
    return arena_concat(a, buf_str(&out), after, STR_NONE);
}

/* A plan that is being made. */
struct planning {
    struct arena *a;
    const struct query_picker *picker;
    bool superuser;
    struct rec_plan *plan;
};

static bool is_picked(const struct planning *p, struct str name, struct query_pick *ret)
{
    return !p->picker || query_pick_key(p->a, p->picker, name, ret);
}

/* A member that every record has. */
struct fixed {
    struct str name;
    struct str text; /* `"name":` */
    struct str value;
    bool is_expand; /* and has no value of its own */
};

static void add_fixed(const struct planning *p, const struct fixed *member)
{
    struct rec_key *key = &p->plan->keys[p->plan->n];
    struct query_pick pick = {0};
    struct str value;

    if (!is_picked(p, member->name, &pick))
        return;
    p->plan->n++;
    *key = (struct rec_key){.text = member->text, .is_expand = member->is_expand};
    if (member->is_expand) {
        p->plan->expands = pick.below;
        return;
    }
    value = quoted_text(p->a, query_pick_text(p->a, &pick, member->value), STR("\""));
    key->text = arena_concat(p->a, member->text, value, STR_NONE);
}

/* What is picked has JSON written anew, be it all of a value or a part. */
static void add_field(const struct planning *p, const struct schema_field *field)
{
    const enum field_kind kind = field->type->kind;
    const struct schema_auth *auth = p->plan->col->auth;
    struct rec_key *key = &p->plan->keys[p->plan->n];
    struct query_pick pick, *changed;

    if (!is_picked(p, field->name, &pick))
        return;
    p->plan->n++;
    *key = (struct rec_key){.field = field, .text = field->member};
    if (key->text.n == 0)
        key->text = quoted_text(p->a, field->name, STR("\":"));
    if (p->picker && (pick.max > 0 || kind == FIELD_JSON || kind == FIELD_GEO)) {
        changed = ARENA_NEW(p->a, struct query_pick);
        *changed = pick;
        key->pick = changed;
    }
    if (auth && !p->superuser && field == auth->email)
        p->plan->email = field;
}

/* Whether records have the field in their answers at all. */
static bool is_shown(const struct planning *p, const struct schema_field *field)
{
    const struct schema_auth *auth = p->plan->col->auth;

    if (auth && (field == auth->password || field == auth->token_key))
        return false; /* not even in a superuser's */
    return p->superuser || !field->hidden;
}

struct rec_plan *rec_plan_new(struct arena *a, const struct schema_col *col, bool superuser,
                              const struct query_picker *picker)
{
    const struct fixed fixed[] = {
        /* sorted by their names, as the fields are */
        {STR("collectionId"), STR("\"collectionId\":"), col->id, false},
        {STR("collectionName"), STR("\"collectionName\":"), col->name, false},
        {STR("expand"), STR("\"expand\":"), STR_NONE, true},
    };
    struct rec_plan *plan = ARENA_NEW(a, struct rec_plan);
    const struct planning p = {a, picker, superuser, plan};
    size_t at = 0;

    plan->col = col;
    plan->keys = ARENA_ARRAY(a, struct rec_key, col->n_fields + COUNT_OF(fixed));
    for (size_t i = 0; i < col->n_fields && col->is_plain; i++)
        add_field(&p, &col->fields[i]);
    if (col->is_plain)
        return plan;
    for (size_t i = 0; i < col->n_fields; i++) {
        const struct schema_field *field = col->by_name[i];

        while (at < COUNT_OF(fixed) && str_cmp(fixed[at].name, field->name) < 0)
            add_fixed(&p, &fixed[at++]);
        if (is_shown(&p, field))
            add_field(&p, field);
    }
    while (at < COUNT_OF(fixed))
        add_fixed(&p, &fixed[at++]);
    return plan;
}

struct str_list rec_branch_ids(struct arena *a, const struct rec_branch *branch,
                               const struct rec *rec)
{
    const struct str_list *back;

    if (!branch->hop.back)
        return rec_list_of(a, rec, branch->hop.field);
    back = map_find(&branch->back_ids, rec_id(rec));
    return back ? *back : (struct str_list){NULL, 0};
}

/* --- writing ---------------------------------------------------------------------------------- */

struct err *rec_check_full(struct arena *a, const struct buf *out)
{
    if (!out->full)
        return NULL;
    if (out->starved)
        return err_starved(a, "an answer");
    return err_new(a, E_UNAVAILABLE, NULL, "the answer has over %zu bytes", out->max);
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

/* Texts that are written as they are stored; others are in some form. */
static bool is_text(const struct schema_field *field, struct db_value cell)
{
    const enum field_kind kind = field->type->kind;

    return (kind == FIELD_TEXT || kind == FIELD_EDITOR) && cell.type == DB_TEXT &&
           utf8_valid(cell.s);
}

/* What is picked of a field's value. Of a long text an excerpt reads the beginning alone. */
static struct err *write_changed(struct rec_writer *w, const struct rec_key *key,
                                 struct db_value cell)
{
    AUTO_BUF struct buf value;

    buf_init(&value, w->out->max);
    if (is_text(key->field, cell)) {
        json_write_text(w->out, query_pick_text(w->scratch, key->pick, cell.s));
        return NULL;
    }
    key->field->type->write(w->scratch, &value, key->field, cell);
    if (value.full)
        return rec_check_full(w->scratch, &value);
    if (value.n > LIMIT_INLINE_BODY_BYTES && w->conn && db_on_loop(w->conn))
        return err_new(w->scratch, E_OVER_BUDGET, NULL, "much JSON to pick from");
    return query_pick_value(w->scratch, key->pick, buf_str(&value), w->out);
}

static inline struct err *write_value(struct rec_writer *w, const struct rec_key *key,
                                      struct db_value cell)
{
    if (key->pick)
        return write_changed(w, key, cell);
    key->field->type->write(w->scratch, w->out, key->field, cell);
    return NULL;
}

struct err *rec_write_value(struct rec_writer *w, const struct rec_key *key, struct db_value cell)
{
    return write_value(w, key, cell);
}

static inline bool hides_email(struct rec_writer *w, const struct rec_level *level,
                               const struct rec *rec)
{
    return level->plan->email && !email_is_visible(w, level, rec);
}

bool rec_hides_email(struct rec_writer *w, const struct rec_level *level, const struct rec *rec)
{
    return hides_email(w, level, rec);
}

static inline struct err *end_row(struct rec_writer *w)
{
    if (w->out->full)
        return rec_check_full(w->scratch, w->out);
    if (++w->n_records % REC_ROWS_A_CHECK && w->out->n - w->checked < REC_BYTES_A_CHECK)
        return NULL;
    w->checked = w->out->n;
    return w->conn ? db_check_limits(w->scratch, w->conn) : NULL;
}

struct err *rec_end_row(struct rec_writer *w)
{
    return end_row(w);
}

static struct err *write_record(struct rec_writer *w, const struct rec_level *level,
                                const struct db_value *cells);

/* As far as what the record points to was found. */
static struct err *write_branch(struct rec_writer *w, const struct rec_branch *branch,
                                const struct rec *rec, bool *first)
{
    struct str_list ids = rec_branch_ids(w->scratch, branch, rec);
    struct err *err = NULL;
    size_t n = 0;

    if (branch->is_left_out)
        return NULL;
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

/* As deep as expands are, which LIMIT_EXPAND_DEPTH bounds; inside, too, limits are looked at every
 * so often, but the scratch arena is not reset. */
static struct err *write_record(struct rec_writer *w, const struct rec_level *level,
                                const struct db_value *cells)
{
    const struct rec_plan *plan = level->plan;
    const struct rec rec = {.col = plan->col, .cells = cells};
    bool email = hides_email(w, level, &rec);
    struct err *err = NULL;
    char before = '{';

    for (size_t i = 0; i < plan->n; i++) {
        const struct rec_key *key = &plan->keys[i];

        if ((email && key->field == plan->email) || (key->is_expand && level->n_kept == 0))
            continue;
        buf_add_byte(w->out, before);
        before = ',';
        buf_add(w->out, key->text);
        if (key->field)
            err = write_value(w, key, cells[key->field->at]);
        if (key->is_expand)
            err = write_expand(w, level, &rec);
        if (err)
            return err;
    }
    buf_add(w->out, before == '{' ? STR("{}") : STR("}"));
    return end_row(w);
}

struct err *rec_write_row(struct rec_writer *w, const struct rec_level *level,
                          const struct db_value *cells)
{
    if (arena_used(w->scratch) > SCRATCH_BYTES)
        arena_reset(w->scratch);
    return write_record(w, level, cells);
}
