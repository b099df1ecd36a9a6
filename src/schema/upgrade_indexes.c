/*
 * The system migration that takes indexes made by hand into `_collections.indexes` and saves each
 * collection anew (data-dir.md 8).
 *
 * Invariants
 *  1. An index goes only to be made again from its normal form, or because the collection has one
 *     that does the same. One whose definition or name does not survive that stops the upgrade, as
 *     it does with PocketBase, and the transaction leaves everything as it was.
 *  2. What stops the upgrade is told in one line, with the index and with what to do about it.
 */
#include "base/date.h"
#include "base/num.h"
#include "schema/check.h"

#define MESSAGE_MAX (64 * 1024)

struct saving {
    struct arena *a;
    struct db_conn *tx;
    const struct schema *schema;
    const struct schema_col *col; /* as it is stored */
    struct schema_def *def;
    int64_t now_ms;
};

/* --- what stops it ---------------------------------------------------------------------------- */

/* Names and texts come from a stranger's hand: the message stays on its line. */
static struct str one_line(struct arena *a, struct str text)
{
    char *p = arena_alloc(a, text.n);

    for (size_t i = 0; i < text.n; i++)
        p[i] = (unsigned char)text.p[i] < ' ' || text.p[i] == 0x7f ? ' ' : text.p[i];
    return (struct str){p, text.n};
}

static struct err *refuse_index(const struct saving *in, struct str index, struct str why)
{
    AUTO_BUF struct buf out;

    buf_init(&out, MESSAGE_MAX);
    buf_addf(&out, "data.db: collection %.*s: the index \"", STR_ARG(in->col->name));
    buf_add(&out, index);
    BUF_ADD(&out, "\" cannot be upgraded: ");
    buf_add(&out, why);
    BUF_ADD(&out, "; nothing was changed: drop it with the sqlite3 tool (DROP INDEX ");
    db_conn_dialect(in->tx)->ident(&out, index);
    BUF_ADD(&out, "), make it again if it is needed, as CREATE INDEX name ON table (columns) WHERE "
                  "condition, with a name of letters, digits and _ alone, and start again");
    return err_new(in->a, E_INTERNAL, NULL, "%.*s", STR_ARG(one_line(in->a, buf_str(&out))));
}

/* The name of the index that an item of a failed save is about. p NULL: it is about another thing.
 */
static struct str blamed_index(const struct saving *in, const struct err_item *item)
{
    struct str rest = item->path;
    struct schema_index index;
    struct str text;
    uint64_t at;

    if (!str_eq(str_split(&rest, '.'), STR("indexes")) || !num_parse_u64(rest, &at) ||
        at >= in->def->indexes.n)
        return STR_NONE;
    text = in->def->indexes.items[at];
    return schema_parse_index(in->a, text, in->col->name, &index) ? index.name : text;
}

static struct err *explain_refusal(const struct saving *in, struct err *err)
{
    const struct err_item *item = err->items;
    struct str index, words;

    if (err->kind != E_BAD_REQUEST)
        return err;
    words = str_trim(item ? schema_check_words(in->a, item) : err->cause, STR("."));
    index = item ? blamed_index(in, item) : STR_NONE;
    if (index.p)
        return refuse_index(in, index, words);
    words = arena_printf(in->a, "%.*s%s%.*s", STR_ARG(item ? item->path : STR_NONE),
                         item ? ": " : "", STR_ARG(words));
    return err_new(
        in->a, E_INTERNAL, NULL,
        "data.db: collection %.*s cannot be upgraded: %.*s; nothing was changed: mend it "
        "with the version that wrote the directory, and start again",
        STR_ARG(in->col->name), STR_ARG(one_line(in->a, words)));
}

/* --- indexes that the collection does not list ------------------------------------------------ */

/* Texts that PocketBase's statements do not carry unchanged when they stand in a name. */
static bool is_plain_name(struct str name)
{
    static const char *const specials[] = {"`", "(", ".", "{{", "[[", "{:"};

    for (size_t i = 0; i < COUNT_OF(specials); i++)
        if (str_has(name, str_of(specials[i])))
            return false;
    return !str_eq(name, STR("*"));
}

/* "{:word}" is a parameter to PocketBase, wherever it stands, and has no value here. */
static bool has_parameter(struct str text)
{
    while (str_has(text, STR("{:"))) {
        struct str word;

        text = str_from(text, str_find(text, STR("{:")) + 2);
        word = str_sub(text, 0, str_find_byte(text, '}'));
        if (word.n < text.n && check_word(word))
            return true;
    }
    return false;
}

/* Equal but for their names. */
static bool same_index(struct arena *a, const struct schema_index *x, const struct schema_index *y)
{
    const struct schema_index *const both[2] = {x, y};
    struct str normal[2];

    for (int i = 0; i < 2; i++) {
        struct db_index def = both[i]->def;
        struct buf text;

        def.name = def.table = STR("_");
        def.schema = STR_NONE;
        buf_init(&text, 1024 * 1024);
        db_dialect_sqlite.create_index(&text, &def);
        normal[i] = buf_take(a, &text);
    }
    return str_eq(normal[0], normal[1]);
}

static bool is_listed(const struct saving *in, struct str name)
{
    for (size_t i = 0; i < in->col->n_indexes; i++)
        if (str_eq_nocase(in->col->indexes[i].name, name))
            return true;
    return false;
}

/* There is another that does the same, or has to be there anyway. */
static bool is_superfluous(const struct saving *in, const struct schema_index *index)
{
    static const char *const unique_anyway[] = {"tokenKey", "email"};

    for (size_t i = 0; i < COUNT_OF(unique_anyway); i++)
        if (in->col->type == SCHEMA_AUTH && index->unique && index->columns.n == 1 &&
            str_eq_nocase(index->columns.items[0], str_of(unique_anyway[i])))
            return true;
    for (size_t i = 0; i < in->def->indexes.n; i++) {
        struct schema_index other;

        if (schema_parse_index(in->a, in->def->indexes.items[i], in->col->name, &other) &&
            same_index(in->a, &other, index))
            return true;
    }
    return false;
}

static struct err *drop_index(const struct saving *in, struct str name)
{
    AUTO_BUF struct buf sql;

    buf_init(&sql, 64 * 1024);
    BUF_ADD(&sql, "DROP INDEX ");
    db_conn_dialect(in->tx)->ident(&sql, name);
    return db_exec(in->a, in->tx, buf_str(&sql), NULL, 0, NULL);
}

/* It is dropped here; what the collection lists is made again when it is saved. */
static struct err *take_over(const struct saving *in, const struct db_table_index *found)
{
    struct schema_index index, again;
    struct err *err;

    if (!schema_parse_index(in->a, found->sql, in->col->name, &index) ||
        !schema_parse_index(in->a, index.normal, in->col->name, &again))
        return refuse_index(in, found->name, STR("its definition cannot be read"));
    if (is_listed(in, index.name))
        return NULL;
    if (!str_eq(index.name, found->name) || !is_plain_name(index.name))
        return refuse_index(in, found->name, STR("its name cannot be kept"));
    if (has_parameter(index.normal))
        return refuse_index(in, found->name, STR("its definition has a {:parameter}"));
    err = drop_index(in, index.name);
    if (!err && !is_superfluous(in, &index))
        *VEC_PUSH(in->a, &in->def->indexes) = index.normal;
    return err;
}

/* --- the collections -------------------------------------------------------------------------- */

/* Rules are none of its business: one that no longer compiles lets nobody in, and hides nothing. */
static bool rule_passes(void *user, struct arena *a, const struct schema *with,
                        const struct schema_col *col, struct str rule, struct str *ret_why)
{
    (void)user;
    (void)a;
    (void)with;
    (void)col;
    (void)rule;
    (void)ret_why;
    return true;
}

static struct err *save_col(const struct saving *in)
{
    struct schema_check check = {
        .schema = in->schema, .old = in->col, .def = in->def, .compiles = rule_passes};
    const struct schema_col *old, *col;
    bool whole;
    struct err *err;

    /* as it would be written now: a stored text that says the same is no change */
    old = schema_def_col(in->a, schema_def_of(in->a, in->col), &whole);
    schema_def_finish(in->a, in->def, in->schema, in->col, in->now_ms);
    check.col = col = schema_def_col(in->a, in->def, &whole);
    err = schema_check_def(in->a, in->tx, &check);
    if (!err)
        err = schema_save(in->a, in->tx, old, col, STR_NONE, NULL);
    if (err)
        return explain_refusal(in, err);
    return schema_follow_views(in->a, in->tx, in->schema, col, in->now_ms, NULL);
}

static struct err *upgrade_col(struct saving *in)
{
    struct db_table_indexes found;
    size_t n = 0;
    struct err *err;

    in->def = schema_def_of(in->a, in->col);
    err = db_list_indexes(in->a, in->tx, in->col->name, &found);
    for (size_t i = 0; !err && i < found.n; i++) {
        if (!str_eq(found.items[i].table, in->col->name))
            continue; /* a table of that name in another case is nobody's */
        n++;
        err = take_over(in, &found.items[i]);
    }
    if (err || (n == 0 && in->def->indexes.n == 0))
        return err;
    return save_col(in);
}

struct err *upgrade_indexes(struct arena *a, struct db_conn *tx, struct str now)
{
    struct saving saving = {.a = a, .tx = tx};
    bool more = true;
    struct err *err = NULL;

    if (!date_parse_stored(now, &saving.now_ms))
        BUG("a time that was formatted a moment ago");
    for (size_t i = 0; more && !err; i++) {
        AUTO(schema_unref) struct schema *schema = NULL; /* each save changes what it reads */

        err = schema_load(a, tx, &schema);
        if (err)
            break;
        more = i + 1 < schema->n_cols;
        saving.schema = schema;
        saving.col = schema->cols[i];
        if (!saving.col->system && saving.col->type != SCHEMA_VIEW)
            err = upgrade_col(&saving);
    }
    return err;
}
