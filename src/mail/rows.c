/*
 * The table `_reeve_mail`: a row is open until its mail is sent or given up, and may be kept for a
 * while after that. `due` is when it is looked at next.
 */
#include "mail/rows.h"

#include "db/dialect.h"

#include <inttypes.h>

#define TABLE STR("_reeve_mail")
#define NUMBER_MOST (INT64_C(1) << 50)
/* No row is due later than that: longer than anything is kept or put off. */
#define DUE_MOST_MS (INT64_C(3) * 86400 * 1000)

#define TABLE_SQL                                                                                 \
    "CREATE TABLE [_reeve_mail] ([id] TEXT PRIMARY KEY NOT NULL, [kind] TEXT NOT NULL, "          \
    "[collection] TEXT NOT NULL, [record] TEXT NOT NULL, [data] TEXT NOT NULL, [created] "        \
    "BIGINT NOT NULL, [until] BIGINT NOT NULL, [keep] BIGINT NOT NULL, [open] INTEGER NOT NULL, " \
    "[due] BIGINT NOT NULL, [tries] INTEGER NOT NULL)"
#define DUE_SQL "CREATE INDEX [_reeve_mail_due] ON [_reeve_mail] ([due])"
#define OWNER_SQL \
    "CREATE INDEX [_reeve_mail_owner] ON [_reeve_mail] ([collection], [record], [kind])"

static const char *const definitions[] = {TABLE_SQL, DUE_SQL, OWNER_SQL};

static struct err *has_table(struct arena *a, struct db_conn *conn, bool *ret)
{
    struct db_table_columns columns = {0};
    struct err *err = db_list_columns(a, conn, TABLE, &columns);

    *ret = columns.n > 0;
    return err;
}

static struct err *exec(struct arena *a, struct db_conn *tx, const char *template,
                        const struct db_value *values, unsigned n)
{
    return db_exec(a, tx, db_sql(a, tx, template), values, n, NULL);
}

static struct err *make_table(struct arena *a, struct db_conn *tx)
{
    struct err *err = NULL;
    bool there;

    err = has_table(a, tx, &there);
    if (err || there)
        return err;
    if (db_is_grouped(tx))
        return err_new(a, E_OVER_BUDGET, NULL, "the outbox has no table yet");
    for (size_t i = 0; i < COUNT_OF(definitions) && !err; i++)
        err = exec(a, tx, definitions[i], NULL, 0);
    return err;
}

struct err *mail_row_add(struct arena *a, struct db_conn *tx, const struct outbox_mail *mail)
{
    const struct db_value values[] = {
        DB_V_TEXT(mail->id),
        DB_V_TEXT(mail->kind),
        DB_V_TEXT(mail->collection),
        DB_V_TEXT(mail->record),
        DB_V_TEXT(mail->data),
        DB_V_INT(mail->created_ms),
        DB_V_INT(mail->until_ms),
        DB_V_INT(mail->keep_ms),
        DB_V_INT(!mail->is_blank),
        DB_V_INT(mail->created_ms + (mail->is_blank ? mail->keep_ms : mail->start_ms)),
    };
    struct err *err = make_table(a, tx);

    if (err)
        return err;
    return exec(a, tx,
                "INSERT INTO [_reeve_mail] ([id], [kind], [collection], [record], [data], "
                "[created], [until], [keep], [open], [due], [tries]) VALUES ({1}, {2}, {3}, {4}, "
                "{5}, {6}, {7}, {8}, {9}, {10}, 0)",
                values, COUNT_OF(values));
}

/* --- whose turn it is ------------------------------------------------------------------------- */

static struct str text_at(struct arena *a, const struct db_stmt *stmt, unsigned at)
{
    return arena_dup(a, db_column_text(stmt, at));
}

/* A number that sums may be made of, whatever is stored. */
static int64_t number_at(const struct db_stmt *stmt, unsigned at)
{
    const int64_t n = db_column_int(stmt, at);

    return n < 0 ? 0 : n > NUMBER_MOST ? NUMBER_MOST : n;
}

static struct db_value value_at(struct arena *a, const struct db_stmt *stmt, unsigned at)
{
    struct db_value value = db_column(stmt, at);

    if (value.type == DB_TEXT || value.type == DB_BLOB)
        value.s = arena_dup(a, value.s);
    return value;
}

struct row {
    struct mail_claim claim; /* found is not set */
    bool open;
};
typedef VEC(struct row) rows;

static struct row read_row(struct arena *a, const struct db_stmt *stmt)
{
    const struct db_value key = value_at(a, stmt, 0); /* first: as text it is another value */

    return (struct row){.claim = {.mail = {.id = text_at(a, stmt, 0),
                                           .kind = text_at(a, stmt, 1),
                                           .collection = text_at(a, stmt, 2),
                                           .record = text_at(a, stmt, 3),
                                           .data = text_at(a, stmt, 4),
                                           .created_ms = number_at(stmt, 5),
                                           .until_ms = number_at(stmt, 6),
                                           .keep_ms = number_at(stmt, 7)},
                                  .key = key,
                                  .tries = number_at(stmt, 9)},
                        .open = db_column_int(stmt, 8) != 0};
}

static struct err *list_due(struct arena *a, struct db_conn *tx, int64_t now_ms, rows *ret)
{
    const struct db_value values[] = {DB_V_INT(now_ms), DB_V_INT(now_ms + DUE_MOST_MS)};
    AUTO(db_release) struct db_stmt *stmt = NULL;
    struct err *err;
    bool row = true;

    err = db_prepare_bound(a, tx,
                           db_sql(a, tx,
                                  "SELECT [id], [kind], [collection], [record], [data], [created], "
                                  "[until], [keep], [open], [tries] FROM [_reeve_mail] WHERE [due] "
                                  "<= {1} OR [due] > {2} ORDER BY [due] LIMIT 64"),
                           values, COUNT_OF(values), &stmt);
    while (!err && !(err = db_step(a, stmt, &row)) && row)
        *VEC_PUSH(a, ret) = read_row(a, stmt);
    return err;
}

static struct err *next_due(struct arena *a, struct db_conn *tx, int64_t *ret)
{
    struct db_row *row = NULL;
    struct err *err =
        db_query_row(a, tx, db_sql(a, tx, "SELECT MIN([due]) FROM [_reeve_mail]"), NULL, 0, &row);

    *ret = row && row->cells[0].type == DB_INT ? row->cells[0].i : INT64_MAX;
    return err;
}

/* A statement about one row, which is there: what is done with it counts on that. */
static struct err *exec_one(struct arena *a, struct db_conn *tx, const char *template,
                            const struct db_value *values, unsigned n)
{
    int64_t changes = 0;
    struct err *err = db_exec(a, tx, db_sql(a, tx, template), values, n, &changes);

    if (!err && changes != 1)
        err = err_new(a, E_INTERNAL, NULL, "a mail's row is not found by its id");
    return err;
}

static struct err *drop(struct arena *a, struct db_conn *tx, struct db_value key)
{
    return exec_one(a, tx, "DELETE FROM [_reeve_mail] WHERE [id] = {1}", &key, 1);
}

static struct err *take(struct arena *a, struct db_conn *tx, const struct row *row, int64_t due_ms,
                        struct mail_claim *ret)
{
    const struct db_value values[] = {row->claim.key, DB_V_INT(due_ms),
                                      DB_V_INT(row->claim.tries + 1)};

    *ret = row->claim;
    ret->found = true;
    ret->tries++;
    return exec_one(a, tx, "UPDATE [_reeve_mail] SET [due] = {2}, [tries] = {3} WHERE [id] = {1}",
                    values, COUNT_OF(values));
}

struct err *mail_row_claim(struct arena *a, struct db_conn *tx, int64_t now_ms, int64_t claim_ms,
                           struct mail_claim *ret)
{
    rows due = {0};
    struct err *err;
    bool there;

    *ret = (struct mail_claim){.next_due_ms = INT64_MAX};
    err = has_table(a, tx, &there);
    if (err || !there)
        return err;
    err = list_due(a, tx, now_ms, &due);
    for (size_t i = 0; i < due.n && !err && !ret->found; i++)
        err = due.items[i].open ? take(a, tx, &due.items[i], now_ms + claim_ms, ret)
                                : drop(a, tx, due.items[i].claim.key);
    return err ? err : next_due(a, tx, &ret->next_due_ms);
}

/* --- what became of it ------------------------------------------------------------------------ */

struct err *mail_row_delay(struct arena *a, struct db_conn *tx, struct db_value key, int64_t due_ms,
                           bool refund)
{
    const struct db_value values[] = {key, DB_V_INT(due_ms), DB_V_INT(refund)};

    return exec(a, tx,
                "UPDATE [_reeve_mail] SET [due] = {2}, [tries] = [tries] - {3} WHERE [id] = {1}",
                values, COUNT_OF(values));
}

struct err *mail_row_close(struct arena *a, struct db_conn *tx, const struct mail_claim *claim)
{
    const struct outbox_mail *mail = &claim->mail;
    const struct db_value values[] = {claim->key, DB_V_INT(mail->created_ms + mail->keep_ms)};

    return exec(a, tx,
                "UPDATE [_reeve_mail] SET [open] = 0, [data] = '', [due] = {2} WHERE [id] = {1}",
                values, COUNT_OF(values));
}

/* --- for who posts ---------------------------------------------------------------------------- */

struct err *outbox_count(struct arena *a, struct db_conn *conn, const struct outbox_mail *like,
                         int64_t *ret_n, struct str *ret_newest)
{
    const struct db_value values[] = {
        DB_V_TEXT(like->collection), DB_V_TEXT(like->record), DB_V_TEXT(like->kind),
        DB_V_INT(like->created_ms - like->keep_ms), DB_V_INT(like->created_ms)};
    AUTO(db_release) struct db_stmt *stmt = NULL;
    struct err *err;
    bool row = true;

    *ret_n = 0;
    *ret_newest = STR("");
    err = has_table(a, conn, &row);
    if (err || !row)
        return err;
    err =
        db_prepare_bound(a, conn,
                         db_sql(a, conn,
                                "SELECT [id] FROM [_reeve_mail] WHERE [collection] = {1} AND "
                                "[record] = {2} AND [kind] = {3} AND [created] > {4} AND [created] "
                                "<= {5} ORDER BY [created] DESC"),
                         values, COUNT_OF(values), &stmt);
    while (!err && !(err = db_step(a, stmt, &row)) && row)
        if ((*ret_n)++ == 0)
            *ret_newest = text_at(a, stmt, 0);
    return err;
}

/* NULL where there is no row, or no table. */
static struct err *first_row(struct arena *a, struct db_conn *conn, const char *template,
                             const struct db_value *values, unsigned n, struct db_row **ret)
{
    struct err *err;
    bool there;

    *ret = NULL;
    err = has_table(a, conn, &there);
    return err || !there ? err : db_query_row(a, conn, db_sql(a, conn, template), values, n, ret);
}

struct err *outbox_waiting(struct arena *a, struct db_conn *conn, int64_t *ret)
{
    struct db_row *row;
    struct err *err =
        first_row(a, conn, "SELECT COUNT(*) FROM [_reeve_mail] WHERE [open] <> 0", NULL, 0, &row);

    *ret = row && row->cells[0].type == DB_INT ? row->cells[0].i : 0;
    return err;
}

struct err *outbox_blank_owner(struct arena *a, struct db_conn *conn,
                               const struct outbox_mail *like, struct str *ret)
{
    const struct db_value values[] = {DB_V_TEXT(like->id), DB_V_TEXT(like->kind),
                                      DB_V_TEXT(like->collection),
                                      DB_V_INT(like->created_ms - like->keep_ms)};
    struct db_row *row;
    struct err *err = first_row(a, conn,
                                "SELECT [record] FROM [_reeve_mail] WHERE [id] = {1} AND [kind] = "
                                "{2} AND [collection] = {3} AND [created] > {4}",
                                values, COUNT_OF(values), &row);

    *ret = row && row->cells[0].type == DB_TEXT ? row->cells[0].s : STR("");
    return err;
}

/* Where there is a table. */
static struct err *forget(struct arena *a, struct db_conn *tx, const char *template,
                          const struct db_value *values, unsigned n)
{
    struct err *err;
    bool there;

    err = has_table(a, tx, &there);
    return err || !there ? err : exec(a, tx, template, values, n);
}

struct err *outbox_forget_one(struct arena *a, struct db_conn *tx, struct str id)
{
    const struct db_value value = DB_V_TEXT(id);

    return forget(a, tx, "DELETE FROM [_reeve_mail] WHERE [id] = {1}", &value, 1);
}

struct err *outbox_forget(struct arena *a, struct db_conn *tx, const struct outbox_mail *like)
{
    const struct db_value values[] = {DB_V_TEXT(like->collection), DB_V_TEXT(like->record),
                                      DB_V_TEXT(like->kind)};

    return forget(
        a, tx,
        "DELETE FROM [_reeve_mail] WHERE [collection] = {1} AND [record] = {2} AND [kind] "
        "= {3}",
        values, COUNT_OF(values));
}
