/*
 * records/sql: statements of our own. Private to this folder.
 *
 * Names and whatever differs between engines are written by the dialect; values are parameters. A
 * text that grows too large fails when it is prepared or run.
 */
#ifndef REEVE_RECORDS_SQL_H
#define REEVE_RECORDS_SQL_H

#include "records/records.h"

/* A statement in the making: its text and its parameters, numbered as they are added. */
struct rec_sql {
    struct arena *a;
    const struct db_dialect *dialect;
    struct buf text;
    VEC(struct db_value) values;
};
/* Empty; parameters live in `a`, the text until rec_sql_done(). */
void rec_sql_init(struct rec_sql *q, struct arena *a, const struct db_conn *conn);
void rec_sql_done(struct rec_sql *q); /* AUTO_SQL calls it at the end of the scope */
static inline void auto_rec_sql_done(struct rec_sql *q)
{
    rec_sql_done(q);
}
#define AUTO_SQL __attribute__((cleanup(auto_rec_sql_done)))

#define REC_SQL(q, literal) BUF_ADD(&(q)->text, literal)
/* <name>, <table>.<name>: quoted. */
void rec_sql_ident(struct rec_sql *q, struct str name);
void rec_sql_column(struct rec_sql *q, struct str table, struct str name);
/* The next parameter; its text is borrowed until the statement has run. */
void rec_sql_param(struct rec_sql *q, struct db_value value);
/* <name> = ?, ASCII case ignored. */
void rec_sql_equal_nocase(struct rec_sql *q, struct str name, struct db_value value);
/* " = ?" or " IN (…)"; n > 0. */
void rec_sql_among(struct rec_sql *q, const struct str *ids, size_t n);
/* "SELECT <all fields> FROM <table> WHERE "; NULL in place of a field without a column */
void rec_sql_select(struct rec_sql *q, const struct schema_col *col);
/* With its parameters; *ret is for db_release(). */
MUST_CHECK struct err *rec_sql_prepare(struct rec_sql *q, struct db_conn *conn,
                                       struct db_stmt **ret);
/* ret_changes: how many rows it changed; may be NULL. */
MUST_CHECK struct err *rec_sql_exec(struct rec_sql *q, struct db_conn *conn, int64_t *ret_changes);
/* Whether there is a first row. */
MUST_CHECK struct err *rec_sql_exists(struct rec_sql *q, struct db_conn *conn, bool *ret);

#endif
