/*
 * The effects of PocketBase's system migrations on a directory of v0.23 or later that lacks some of
 * them (data-dir.md 8). The older ones, which convert what came before v0.23, are not ours: such a
 * directory was refused before.
 */
#include "schema/internal.h"

#define JSON_MAX (256ULL * 1024 * 1024)

typedef struct err *upgrade_fn(struct arena *a, struct db_conn *tx, struct str now);

static struct err *nothing(struct arena *a, struct db_conn *tx, struct str now)
{
    (void)a;
    (void)tx;
    (void)now;
    return NULL;
}

static struct err *set_column(struct arena *a, struct db_conn *tx, struct str id,
                              const char *column, struct str text, struct str now)
{
    const struct db_value values[] = {DB_V_TEXT(text), DB_V_TEXT(now), DB_V_TEXT(id)};
    struct str sql =
        arena_printf(a, "UPDATE _collections SET %s = ?1, updated = ?2 WHERE id = ?3", column);

    return db_exec(a, tx, sql, values, COUNT_OF(values), NULL);
}

static struct str json_text(struct arena *a, const struct json *value)
{
    struct buf out;

    buf_init(&out, JSON_MAX);
    json_write(&out, value, false);
    return buf_take(a, &out);
}

/* --- v0.23 migrate 2 -------------------------------------------------------------------------- */

static struct err *close_delete_rules(struct arena *a, struct db_conn *tx, struct str now)
{
    static const struct db_index_column type = {.name = STR_INIT("type")};
    const struct db_index index = {
        .if_not_exists = true,
        .name = STR("idx__collections_type"),
        .table = STR("_collections"),
        .columns = &type,
        .n_columns = 1,
    };
    AUTO_BUF struct buf sql;
    struct err *err;

    (void)now;
    buf_init(&sql, 1024);
    db_conn_dialect(tx)->create_index(&sql, &index);
    err = db_exec(a, tx, buf_str(&sql), NULL, 0, NULL);
    if (err)
        return err;
    return db_exec(a, tx,
                   STR("UPDATE _collections SET \"deleteRule\" = NULL "
                       "WHERE name IN ('_mfas', '_otps')"),
                   NULL, 0, NULL);
}

/* --- v0.23 migrate 3 -------------------------------------------------------------------------- */

/* It renames ids and what refers to them. A directory that still has the old ones is a few days of
 * v0.23 release candidates old: better refused than half converted. */
static struct err *check_ids(struct arena *a, struct db_conn *tx, struct str now)
{
    struct db_row *row;
    struct err *err = NULL;

    (void)now;
    for (size_t i = 0; i < boot_cols_n && !err; i++) {
        struct db_value name = DB_V_TEXT(str_of(boot_cols[i].name));

        if (!boot_cols[i].system)
            continue;
        err =
            db_query_row(a, tx, STR("SELECT id FROM _collections WHERE name = ?1"), &name, 1, &row);
        if (!err && row && !str_eq(row->cells[0].s, str_of(boot_cols[i].id)))
            return err_new(a, E_INTERNAL, NULL,
                           "data.db: collection %s has an id of PocketBase v0.23 release "
                           "candidates: open the directory with PocketBase v0.40 once",
                           boot_cols[i].name);
    }
    return err;
}

/* --- v0.23 migrate 4 -------------------------------------------------------------------------- */

/* The list with one more field behind the one called `after`. */
static struct json with_field(struct arena *a, const struct json *fields, struct str after,
                              const struct json *field)
{
    struct json *items = ARENA_ARRAY(a, struct json, (size_t)fields->n + 1);
    size_t n = 0;
    bool added = false;

    for (size_t i = 0; i < fields->n; i++) {
        const struct json *name = json_get(&fields->items[i], STR("name"));

        items[n++] = fields->items[i];
        if (!added && name && str_eq(name->text, after)) {
            items[n++] = *field;
            added = true;
        }
    }
    if (!added)
        items[n++] = *field;
    return json_of_list(items, n);
}

static struct err *add_column(struct arena *a, struct db_conn *tx, struct str table,
                              struct str name)
{
    AUTO_BUF struct buf sql;

    buf_init(&sql, 1024);
    BUF_ADD(&sql, "ALTER TABLE ");
    db_conn_dialect(tx)->ident(&sql, table);
    BUF_ADD(&sql, " ADD COLUMN ");
    db_conn_dialect(tx)->column_def(&sql, name, DB_COL_TEXT);
    return db_exec(a, tx, buf_str(&sql), NULL, 0, NULL);
}

static struct err *add_sent_to(struct arena *a, struct db_conn *tx, struct str now)
{
    AUTO(schema_unref) struct schema *schema = NULL;
    const struct json *fields, *field;
    struct json more;
    struct err *err;

    err = schema_load(a, tx, &schema);
    if (err || schema_field(schema->otps, STR("sentTo")))
        return err;
    if (!json_read(a, schema->otps->fields_json, &json_limits_stored, &fields, NULL) ||
        !json_read(a, str_of(boot_sent_to_field), &json_limits_strict, &field, NULL))
        BUG("fields that were read a moment ago");
    err = add_column(a, tx, schema->otps->name, STR("sentTo"));
    if (err)
        return err;
    more = with_field(a, fields, STR("password"), field);
    return set_column(a, tx, schema->otps->id, "fields", json_text(a, &more), now);
}

/* --- update_default_auth_alert_templates ------------------------------------------------------ */

/* The stock texts of before began so and did not say where the login came from. */
static bool is_old_alert(const struct json *body)
{
    return body && body->type == JSON_TEXT && !str_has(body->text, STR("{ALERT_INFO}")) &&
           str_starts(body->text, STR("<p>Hello,</p>\n<p>We noticed a login to your {APP_NAME} "
                                      "account from a new location"));
}

/* A copy of an object in which `key` has another value. */
static struct json with_member(struct arena *a, const struct json *object, struct str key,
                               struct json value)
{
    struct json_member *members = ARENA_ARRAY(a, struct json_member, object->n);

    for (size_t i = 0; i < object->n; i++) {
        members[i] = object->members[i];
        if (str_eq(members[i].key, key))
            members[i].value = value;
    }
    return json_of_object(members, object->n);
}

static struct err *update_alert(struct arena *a, struct db_conn *tx, const struct schema_col *col,
                                struct str now)
{
    const struct json *options, *alert, *mail;
    struct json value;

    if (!json_read(a, col->options_json, &json_limits_stored, &options, NULL))
        BUG("options that were read a moment ago");
    alert = json_get(options, STR("authAlert"));
    mail = json_get(alert, STR("emailTemplate"));
    if (!is_old_alert(json_get(mail, STR("body"))))
        return NULL;
    value = with_member(a, mail, STR("body"), json_of_text(boot_alert_body()));
    value = with_member(a, alert, STR("emailTemplate"), value);
    value = with_member(a, options, STR("authAlert"), value);
    return set_column(a, tx, col->id, "options", json_text(a, &value), now);
}

static struct err *update_alerts(struct arena *a, struct db_conn *tx, struct str now)
{
    AUTO(schema_unref) struct schema *schema = NULL;
    struct err *err = schema_load(a, tx, &schema);

    for (size_t i = 0; !err && i < schema->n_cols; i++) {
        if (schema->cols[i]->type == SCHEMA_AUTH)
            err = update_alert(a, tx, schema->cols[i], now);
    }
    return err;
}

/* --- all of them ----------------------------------------------------------------------------- */

static const struct {
    const char *name;
    upgrade_fn *run;
} upgrades[] = {
    {"1640988000_aux_init.go", nothing}, /* schema_bootstrap_auxiliary() looks by itself */
    {"1640988000_init.go", nothing},     /* the tables are there */
    {"1717233556_v0.23_migrate.go", nothing},
    {"1717233557_v0.23_migrate2.go", close_delete_rules},
    {"1717233558_v0.23_migrate3.go", check_ids},
    {"1717233559_v0.23_migrate4.go", add_sent_to},
    {"1763020353_update_default_auth_alert_templates.go", update_alerts},
    {"1778828400_normalize_indexes.go", upgrade_indexes},
};

struct err *schema_upgrade(struct arena *a, struct db_conn *tx, const char *migration,
                           struct str now)
{
    for (size_t i = 0; i < COUNT_OF(upgrades); i++) {
        if (str_eq(str_of(upgrades[i].name), str_of(migration)))
            return upgrades[i].run(a, tx, now);
    }
    BUG("a migration without a row in the table");
}
