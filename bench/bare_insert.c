/*
 * The least that stores rows durably: one prepared INSERT, groups of rows a transaction, WAL,
 * synchronous FULL. What Reeve's inserts over HTTP are measured against.
 *
 *   bare_insert FILE GROUP ROWS BODY_BYTES    FILE has the table `entries` of
 * tests/fixtures/site.sql
 *
 * Prints rows a second and microseconds of processor time a row.
 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

static sqlite3 *db;

static void check(int code)
{
    if (code != SQLITE_OK && code != SQLITE_DONE && code != SQLITE_ROW) {
        fprintf(stderr, "bare_insert: %s\n", sqlite3_errmsg(db));
        exit(1);
    }
}

static double wall_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double cpu_s(void)
{
    struct rusage used;

    getrusage(RUSAGE_SELF, &used);
    return (double)used.ru_utime.tv_sec + (double)used.ru_stime.tv_sec +
           (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

/* Ids as scattered as the server's: their order decides how many pages a group touches. */
static void make_id(char id[16])
{
    sqlite3_randomness(15, id);
    for (int i = 0; i < 15; i++)
        id[i] = "abcdefghijklmnopqrstuvwxyz0123456789"[(unsigned char)id[i] % 36];
    id[15] = '\0';
}

static void insert(sqlite3_stmt *stmt, const char *body, long n)
{
    char id[16];

    make_id(id);
    check(sqlite3_bind_text(stmt, 1, id, 15, SQLITE_STATIC));
    check(sqlite3_bind_text(stmt, 2, body, -1, SQLITE_STATIC));
    check(sqlite3_bind_int64(stmt, 3, n));
    check(sqlite3_step(stmt));
    check(sqlite3_reset(stmt));
}

static void run(const char *body, long group, long rows)
{
    sqlite3_stmt *stmt;

    check(sqlite3_prepare_v2(
        db,
        "INSERT INTO entries (id, title, body, n, created, updated) VALUES (?1, 'a title', ?2, ?3, "
        "'2025-01-01 10:00:00.000Z', '2025-01-01 10:00:00.000Z')",
        -1, &stmt, NULL));
    for (long done = 0; done < rows; done += group) {
        check(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL));
        for (long i = 0; i < group; i++)
            insert(stmt, body, done + i);
        check(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL));
    }
    sqlite3_finalize(stmt);
}

int main(int argc, char **argv)
{
    double wall, cpu;
    long group, rows, bytes;
    char *body;

    if (argc != 5) {
        fprintf(stderr, "usage: bare_insert FILE GROUP ROWS BODY_BYTES\n");
        return 2;
    }
    group = strtol(argv[2], NULL, 10);
    rows = strtol(argv[3], NULL, 10);
    bytes = strtol(argv[4], NULL, 10);
    body = calloc(1, (size_t)bytes + 1);
    if (!body || group < 1)
        return 2;
    memset(body, 'x', (size_t)bytes);
    check(sqlite3_open(argv[1], &db));
    check(
        sqlite3_exec(db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL", NULL, NULL, NULL));
    wall = wall_s();
    cpu = cpu_s();
    run(body, group, rows);
    wall = wall_s() - wall;
    cpu = cpu_s() - cpu;
    printf("%.0f %.1f\n", (double)rows / wall, cpu * 1e6 / (double)rows);
    sqlite3_close(db);
    return 0;
}
