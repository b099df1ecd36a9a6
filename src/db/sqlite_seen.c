/*
 * What statements of the SQLite engine read and write, and when that is committed: for db/seen.h.
 *
 * SQLite's authorizer names each table and column while a statement is compiled: triggers, views
 * and what foreign keys set off included. It does not name rows that a conflict replaces, nor
 * columns that are computed from others; where the schema may have such, an update counts as rows
 * that come and go, which whoever reads anything of the table looks at.
 *
 * Other processes' commits show in the WAL-index, which each writes to before it lets go of the
 * write lock. Its header has a counter of commits (iChange), which begins anew after a recovery, so
 * what is compared is the header's checksum: of that, of the log's salts and length, and of the
 * checksum of all frames. A header is written twice, the second copy first: that is the one read.
 * It changes without a commit, too, where the log begins anew: then all is forgotten, once for each
 * LIMIT_WAL_RESTART_BYTES.
 */
#include "db/sqlite.h"

#include "base/compiler.h"
#include "base/limits.h"

#include <string.h>
#include <strings.h>

/* --- what is named --------------------------------------------------------------------------- */

/* They give something else each time, or without a change of what is read. */
static const char *const volatile_functions[] = {
    "random",        "randomblob",        "date",     "time",          "datetime",
    "julianday",     "unixepoch",         "strftime", "timediff",      "current_date",
    "current_time",  "current_timestamp", "changes",  "total_changes", "last_insert_rowid",
    "sqlite_offset", "load_extension",
};

static bool is_volatile(const char *function)
{
    for (size_t i = 0; i < COUNT_OF(volatile_functions); i++)
        if (!strcasecmp(function, volatile_functions[i]))
            return true;
    return false;
}

/* SQLite's own tables: what is in them changes unnamed. */
static bool is_internal(const char *table)
{
    return !strncasecmp(table, "sqlite_", 7) || !strncasecmp(table, "pragma_", 7) ||
           !strcasecmp(table, "dbstat");
}

/* NULL: there is no room, and `all` says so. A column's table has its name in the schema, at one
 * address while a statement is compiled. */
static struct sqlite_table *name_table(struct sqlite_named_side *side, const char *table,
                                       const char *database)
{
    uint64_t name;

    for (unsigned i = 0; i < side->n_tables && database; i++)
        if (side->tables[i].text == table)
            return &side->tables[i];
    if ((database && strcasecmp(database, "main") != 0) || is_internal(table)) {
        side->all = true;
        return NULL;
    }
    name = db_seen_name(str_of(table));
    for (unsigned i = 0; i < side->n_tables; i++)
        if (side->tables[i].name == name)
            return &side->tables[i];
    if (side->n_tables == COUNT_OF(side->tables)) {
        side->all = true;
        return NULL;
    }
    side->tables[side->n_tables] =
        (struct sqlite_table){.name = name, .text = database ? table : NULL};
    return &side->tables[side->n_tables++];
}

static void name_column(struct sqlite_named_side *side, const struct sqlite_table *table,
                        const char *column)
{
    const uint16_t slot = db_seen_column_slot(table->name, db_seen_name(str_of(column)));

    for (unsigned i = 0; i < side->n_columns; i++)
        if (side->columns[i] == slot)
            return;
    if (side->n_columns == COUNT_OF(side->columns))
        side->coarse = true;
    else
        side->columns[side->n_columns++] = slot;
}

static void name_read(struct sqlite_named *named, const char *table, const char *column,
                      const char *database)
{
    const struct sqlite_table *at = name_table(&named->reads, table, database);

    if (at && column && *column)
        name_column(&named->reads, at, column);
}

static void name_rows(struct sqlite_named *named, const char *table, const char *database)
{
    struct sqlite_table *at = name_table(&named->writes, table, database);

    if (at)
        at->rows = true;
}

static void name_update(struct sqlite_named *named, const char *table, const char *column,
                        const char *database)
{
    struct sqlite_table *at = name_table(&named->writes, table, database);

    if (!at)
        return;
    at->updated = true;
    if (!strcasecmp(column, "rowid")) /* another name of a column, maybe */
        at->rows = true;
    name_column(&named->writes, at, column);
}

/* Called while a statement is compiled; also where SQLite does that again as it steps. */
static int on_named(void *arg, int code, const char *x, const char *y, const char *database,
                    const char *inside)
{
    struct sqlite_named *named = arg;

    (void)inside;
    if (!named->any)
        *named = (struct sqlite_named){.any = true};
    switch (code) {
    case SQLITE_SELECT:
    case SQLITE_RECURSIVE:
        break;
    case SQLITE_READ:
        name_read(named, x, y, database);
        break;
    case SQLITE_INSERT:
    case SQLITE_DELETE:
        name_rows(named, x, database);
        break;
    case SQLITE_UPDATE:
        name_update(named, x, y, database);
        break;
    case SQLITE_FUNCTION:
        named->reads.all |= is_volatile(y);
        break;
    case SQLITE_PRAGMA:
        named->reads.all = true;
        named->runs |= !strcasecmp(x, "optimize"); /* SQLite takes that for a read */
        break;
    case SQLITE_TRANSACTION:
    case SQLITE_SAVEPOINT:
        named->ends = true;
        break;
    default: /* changes of the schema, and what comes of a later SQLite */
        named->reads.all = named->writes.all = true;
    }
    return SQLITE_OK;
}

int sqlite_seen_register(struct db_eng_conn *conn)
{
    return sqlite3_set_authorizer(conn->db, on_named, &conn->named);
}

/* --- what the schema may hide ---------------------------------------------------------------- */

static bool is_word_byte(char c)
{
    return c == '_' || (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

static bool has_word(struct str text, struct str word)
{
    for (size_t i = 0; i + word.n <= text.n; i++)
        if ((text.p[i] | 0x20) == word.p[0] && !strncasecmp(text.p + i, word.p, word.n) &&
            (i == 0 || !is_word_byte(text.p[i - 1])) &&
            (i + word.n == text.n || !is_word_byte(text.p[i + word.n])))
            return true;
    return false;
}

/* ON CONFLICT REPLACE, or a trigger's; a column AS something. */
static bool hides_writes(sqlite3_stmt *stmt)
{
    const struct str sql = str_of((const char *)sqlite3_column_text(stmt, 2));

    return has_word(sql, STR("replace")) ||
           (sqlite3_column_int(stmt, 0) && has_word(sql, STR("as")));
}

static void look_at_schema(struct db_eng_conn *conn)
{
    static const char sql[] = "SELECT type = 'table', rootpage, coalesce(sql, '') FROM "
                              "sqlite_schema WHERE type IN ('table', 'trigger')";
    sqlite3_stmt *stmt = NULL;
    int rc = sqlite3_prepare_v2(conn->db, sql, -1, &stmt, NULL);

    conn->is_virtual = conn->hides = false;
    if (rc == SQLITE_OK) {
        while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
            conn->is_virtual |= sqlite3_column_int(stmt, 0) && !sqlite3_column_int(stmt, 1);
            conn->hides |= conn->writes && hides_writes(stmt);
        }
    }
    (void)sqlite3_finalize(stmt); /* repeats the error of the last step */
    conn->looked = rc == SQLITE_DONE;
    conn->is_virtual |= !conn->looked;
    conn->hides |= !conn->looked;
    conn->looked_version = conn->version;
}

void sqlite_seen_look(struct db_eng_conn *conn)
{
    if (conn->tells && (!conn->looked || conn->looked_version != conn->version))
        look_at_schema(conn);
}

/* --- sets ------------------------------------------------------------------------------------ */

static void add(struct db_slots *slots, uint16_t slot)
{
    for (unsigned i = 0; i < slots->n; i++)
        if (slots->at[i] == slot)
            return;
    if (slots->n == COUNT_OF(slots->at))
        slots->all = true;
    else
        slots->at[slots->n++] = slot;
}

/* Everything is an answer, too, where there is no room. */
static struct db_slots reads_of(const struct sqlite_named_side *side, bool coarse)
{
    struct db_slots slots = {.all = side->all};

    for (unsigned i = 0; i < side->n_tables; i++)
        add(&slots, coarse ? db_seen_any_slot(side->tables[i].name)
                           : db_seen_rows_slot(side->tables[i].name));
    for (unsigned i = 0; i < side->n_columns && !coarse; i++)
        add(&slots, side->columns[i]);
    return slots;
}

/* coarse: updates are rows that come and go. */
static struct db_slots writes_of(const struct sqlite_named_side *side, bool coarse)
{
    struct db_slots slots = {.all = side->all};

    for (unsigned i = 0; i < side->n_tables; i++) {
        const struct sqlite_table *table = &side->tables[i];

        add(&slots, db_seen_any_slot(table->name));
        if (table->rows || (table->updated && coarse))
            add(&slots, db_seen_rows_slot(table->name));
    }
    for (unsigned i = 0; i < side->n_columns && !coarse; i++)
        add(&slots, side->columns[i]);
    return slots;
}

static struct db_slots reads_set(const struct db_eng_conn *conn)
{
    const struct sqlite_named_side *side = &conn->named.reads;
    struct db_slots slots = reads_of(side, side->coarse);

    if (slots.all && !side->all)
        slots = reads_of(side, true);
    slots.all |= conn->is_virtual || !slots.n;
    return slots;
}

static struct db_slots writes_set(const struct db_eng_conn *conn, struct str sql)
{
    const struct sqlite_named_side *side = &conn->named.writes;
    const bool coarse = side->coarse || conn->hides || has_word(sql, STR("replace"));
    struct db_slots slots = writes_of(side, coarse);

    if (slots.all && !side->all)
        slots = writes_of(side, true);
    slots.all |= !slots.n; /* it writes what was not named */
    return slots;
}

void sqlite_seen_compiled(struct db_eng_stmt *stmt)
{
    const struct db_eng_conn *conn = stmt->conn;
    const struct sqlite_named *named = &conn->named;
    const bool readonly = sqlite3_stmt_readonly(stmt->stmt) != 0;
    const bool told = conn->tells && named->any;

    stmt->ends = named->ends;
    stmt->is_write = !readonly || named->runs || named->ends;
    stmt->reads = stmt->writes = (struct db_slots){.all = true};
    if (told && !stmt->is_write)
        stmt->reads = reads_set(conn);
    else if (told && conn->writes && !named->runs && !named->ends)
        stmt->writes = writes_set(conn, str_of(sqlite3_sql(stmt->stmt)));
}

/* --- commits --------------------------------------------------------------------------------- */

/* The WAL-index (walformat.html 2.1): two copies of a header of 48 bytes. */
#define REGION_BYTES 32768
#define COPY_AT 48
#define CHANGE_AT (COPY_AT + 8)
#define FRAMES_AT (COPY_AT + 16)
#define CHECKSUM_AT (COPY_AT + 40)
#define WAL_INDEX_VERSION 3007000

static uint32_t index_word(const struct db_eng *eng, size_t at)
{
    const void *word = eng->wal_index + at;

    return atomic_load_explicit((const _Atomic uint32_t *)word, memory_order_acquire);
}

static uint64_t index_checksum(const struct db_eng *eng)
{
    const void *word = eng->wal_index + CHECKSUM_AT;

    return atomic_load_explicit((const _Atomic uint64_t *)word, memory_order_acquire);
}

static int on_mode(void *arg, int n, char **values, char **names)
{
    bool *is_wal = arg;

    (void)names;
    *is_wal = n == 1 && values[0] && !strcmp(values[0], "wal");
    return 0;
}

/* SQLite's own mapping, of a connection that lives as long as its database: a descriptor of ours
 * would take SQLite's locks with it when it is closed. */
static void map_index(struct db_eng_conn *conn)
{
    struct db_eng *eng = conn->eng;
    sqlite3_file *file = NULL;
    void volatile *region = NULL;
    const void *checksum;
    bool is_wal = false;

    if (sqlite3_exec(conn->db, "PRAGMA journal_mode", on_mode, &is_wal, NULL) != SQLITE_OK)
        return; /* the next transaction asks again */
    eng->looked_for_index = true;
    if (!is_wal ||
        sqlite3_file_control(conn->db, "main", SQLITE_FCNTL_FILE_POINTER, &file) != SQLITE_OK ||
        !file || !file->pMethods || file->pMethods->iVersion < 2 || !file->pMethods->xShmMap ||
        file->pMethods->xShmMap(file, 0, REGION_BYTES, 0, &region) != SQLITE_OK || !region)
        return;
    eng->wal_index = (const unsigned char *)(uintptr_t)region;
    if (index_word(eng, COPY_AT) != WAL_INDEX_VERSION) {
        eng->wal_index = NULL;
        return;
    }
    checksum = eng->wal_index + CHECKSUM_AT;
    atomic_store_explicit(&eng->seen->outside, (const _Atomic uint64_t *)checksum,
                          memory_order_release);
}

void sqlite_seen_close(struct db_eng_conn *conn)
{
    if (!conn->writes)
        return;
    atomic_store(&conn->eng->seen->outside, NULL);
    conn->eng->wal_index = NULL;
    conn->eng->looked_for_index = false;
}

void sqlite_seen_tx(struct db_eng_conn *conn)
{
    if (!conn->writes)
        return;
    conn->tx_serial++;
    conn->written.all = false;
    conn->written.n = 0;
    if (!conn->eng->looked_for_index)
        map_index(conn);
}

void sqlite_seen_commit(struct db_eng_conn *conn)
{
    const struct db_eng *eng = conn->eng;

    conn->logged = false;
    if (!conn->writes)
        return;
    if (eng->wal_index) {
        conn->index_change = index_word(eng, CHANGE_AT);
        conn->index_checksum = index_checksum(eng);
    }
    db_seen_begin(eng->seen, &conn->written, conn->index_checksum);
}

/* The write lock is gone, so others may have committed: then the header is not what this commit has
 * made it. 0: that is so. */
static uint64_t checksum_left(const struct db_eng_conn *conn)
{
    const struct db_eng *eng = conn->eng;
    uint64_t checksum = index_checksum(eng);

    if (!conn->logged)
        return conn->index_checksum;
    if (index_word(eng, CHANGE_AT) != conn->index_change + 1 ||
        index_word(eng, FRAMES_AT) != conn->wal_frames || index_checksum(eng) != checksum)
        return 0;
    return checksum;
}

void sqlite_seen_committed(struct db_eng_conn *conn)
{
    if (conn->writes)
        db_seen_end(conn->eng->seen, conn->eng->wal_index ? checksum_left(conn) : 0);
}

/* --- steps of statements that write ---------------------------------------------------------- */

/* One that begins, ends or needs no transaction may commit by itself. */
bool sqlite_seen_step(struct db_eng_stmt *stmt)
{
    struct db_eng_conn *conn = stmt->conn;

    if (!conn->writes || (!stmt->ends && sqlite_in_tx(conn)))
        return false;
    conn->written.all = true;
    sqlite_seen_commit(conn);
    return true;
}

/* SQLite has compiled the statement anew since the schema is another one, or something below it for
 * the first time: what is named then is added to what was. */
static void widen(struct db_eng_stmt *stmt)
{
    const struct sqlite_named *named = &stmt->conn->named;
    const struct db_slots more = writes_of(&named->writes, true);

    stmt->reads.all = true;
    stmt->writes.all |= more.all || named->runs || named->ends;
    for (unsigned i = 0; i < more.n; i++)
        add(&stmt->writes, more.at[i]);
    stmt->noted = 0;
}

void sqlite_seen_stepped(struct db_eng_stmt *stmt, bool commits)
{
    struct db_eng_conn *conn = stmt->conn;

    if (conn->named.any)
        widen(stmt);
    if (commits)
        sqlite_seen_committed(conn);
    else if (stmt->is_write && conn->writes && stmt->noted != conn->tx_serial)
        db_written_add(&conn->written, &stmt->writes);
    stmt->noted = conn->tx_serial;
}
