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

struct rec_plan *rec_plan_new(struct arena *a, const struct schema_col *col, bool superuser)
{
    /* members that every record has; all are sorted */
    const struct str names[] = {STR("collectionId"), STR("collectionName"), STR("expand")};
    const struct str id = quoted_text(a, col->id, STR("\""));
    const struct str name = quoted_text(a, col->name, STR("\""));
    const struct rec_key fixed[COUNT_OF(names)] = {
        {.text = arena_concat(a, STR("\"collectionId\":"), id, STR_NONE)},
        {.text = arena_concat(a, STR("\"collectionName\":"), name, STR_NONE)},
        {.text = STR("\"expand\":"), .is_expand = true},
    };
    struct rec_plan *plan = ARENA_NEW(a, struct rec_plan);
    const struct schema_auth *auth = col->auth;
    size_t at = 0;

    plan->col = col;
    plan->keys = ARENA_ARRAY(a, struct rec_key, col->n_fields + COUNT_OF(fixed));
    if (auth && !superuser)
        plan->email = auth->email;
    for (size_t i = 0; i < col->n_fields; i++) {
        const struct schema_field *field = col->by_name[i];

        while (at < COUNT_OF(fixed) && str_cmp(names[at], field->name) < 0)
            plan->keys[plan->n++] = fixed[at++];
        if (auth && (field == auth->password || field == auth->token_key))
            continue; /* never in an answer, not even a superuser's */
        if (field->hidden && !superuser)
            continue;
        plan->keys[plan->n++] =
            (struct rec_key){.field = field, .text = quoted_text(a, field->name, STR("\":"))};
    }
    while (at < COUNT_OF(fixed))
        plan->keys[plan->n++] = fixed[at++];
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

static struct err *write_record(struct rec_writer *w, const struct rec_level *level,
                                const struct db_value *cells);

/* As far as what the record points to was found. */
static struct err *write_branch(struct rec_writer *w, const struct rec_branch *branch,
                                const struct rec *rec, bool *first)
{
    struct str_list ids = rec_branch_ids(w->scratch, branch, rec);
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

/* As deep as expands are, which LIMIT_EXPAND_DEPTH bounds; inside, too, limits are looked at every
 * so often, but the scratch arena is not reset. */
static struct err *write_record(struct rec_writer *w, const struct rec_level *level,
                                const struct db_value *cells)
{
    const struct rec_plan *plan = level->plan;
    const struct rec rec = {.col = plan->col, .cells = cells};
    bool email = plan->email && !email_is_visible(w, level, &rec);
    struct err *err = NULL;
    char before = '{';
    bool first = true;

    for (size_t i = 0; i < plan->n; i++) {
        const struct rec_key *key = &plan->keys[i];

        if ((email && key->field == plan->email) || (key->is_expand && level->n_kept == 0))
            continue;
        buf_add_byte(w->out, before);
        before = ',';
        buf_add(w->out, key->text);
        if (key->field)
            key->field->type->write(w->scratch, w->out, key->field, cells[key->field->at]);
        if (!key->is_expand)
            continue;
        BUF_ADD(w->out, "{");
        for (size_t j = 0; j < level->n_kept && !err; j++)
            err = write_branch(w, level->kept[j], &rec, &first);
        BUF_ADD(w->out, "}");
        if (err)
            return err;
    }
    BUF_ADD(w->out, "}");
    if (w->out->full)
        return rec_check_full(w->scratch, w->out);
    return ++w->n_records % REC_ROWS_A_CHECK ? NULL : db_check_limits(w->scratch, w->conn);
}

struct err *rec_write_row(struct rec_writer *w, const struct rec_level *level,
                          const struct db_value *cells)
{
    if (arena_used(w->scratch) > SCRATCH_BYTES)
        arena_reset(w->scratch);
    return write_record(w, level, cells);
}
