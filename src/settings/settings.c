/*
 * The rows of `_params`, loaded and written.
 */
#include "settings/settings.h"

#include "base/crypto.h"
#include "base/date.h"
#include "settings/internal.h"

#define SETTINGS_JSON_MAX (16ULL * 1024 * 1024)

/* --- the row ---------------------------------------------------------------------------------- */

static bool read_object(struct arena *a, struct str text, const struct json **ret)
{
    return json_read(a, text, &json_limits_stored, ret, NULL) && (*ret)->type == JSON_OBJECT;
}

static bool open_value(struct arena *a, struct str key, struct str text, struct str *ret)
{
    struct str sealed;

    return base64_decode(a, text, &sealed) && aes_gcm_open(a, key, sealed, ret);
}

/* Plain JSON first: a directory may have been written before encryption was switched on. *ret NULL:
 * there is no such row. */
static struct err *read_row(struct arena *a, struct db_conn *conn, const char *id, struct str key,
                            const struct json **ret)
{
    const struct db_value value = DB_V_TEXT(str_of(id));
    struct db_row *row = NULL;
    struct str text;
    struct err *err;

    *ret = NULL;
    err = db_query_row(a, conn, STR("SELECT value FROM _params WHERE id = ?1"), &value, 1, &row);
    if (err || !row)
        return err;
    if (row->cells[0].type != DB_TEXT && row->cells[0].type != DB_BLOB)
        return err_new(a, E_INTERNAL, NULL, "data.db: table _params holds no settings (%s)", id);
    text = row->cells[0].s;
    if (read_object(a, text, ret))
        return NULL;
    if (key.n == 0)
        return err_new(a, E_INTERNAL, NULL,
                       "data.db: the settings are encrypted (or broken), and --encryptionEnv names "
                       "no key");
    if (!open_value(a, key, text, &text))
        return err_new(a, E_INTERNAL, NULL,
                       "data.db: the settings cannot be decrypted with the key of --encryptionEnv "
                       "(16, 24 or 32 bytes)");
    if (!read_object(a, text, ret))
        return err_new(a, E_INTERNAL, NULL, "data.db: the decrypted settings are no JSON object");
    return NULL;
}

static struct err *apply_defaults(struct arena *a, enum settings_kind kind,
                                  struct settings *settings)
{
    const struct json *defaults;

    if (!read_object(a, settings_default_json(a, kind), &defaults))
        BUG("default settings that are no JSON");
    return settings_apply(a, &settings_tables[kind], defaults, settings);
}

/* What is stored of one kind over its defaults. Texts live in `own`. */
static struct err *read_kind(struct arena *a, struct arena *own, struct db_conn *conn,
                             enum settings_kind kind, struct str key, struct settings *settings)
{
    const struct setting_table *table = &settings_tables[kind];
    const struct json *object = NULL;
    struct err *err = apply_defaults(own, kind, settings);

    if (!err)
        err = read_row(a, conn, table->row, key, &object);
    if (!err && !object && kind == SETTINGS_POCKETBASE)
        err = err_new(a, E_INTERNAL, NULL, "data.db: table _params holds no settings");
    return err || !object ? err : settings_apply(own, table, object, settings);
}

struct err *settings_load(struct arena *a, struct db_conn *conn, struct str key,
                          struct settings **ret)
{
    AUTO(arena_free) struct arena *own = arena_new();
    struct settings *settings = ARENA_NEW(own, struct settings);
    struct err *err;

    snapshot_init(&settings->snapshot, own);
    err = read_kind(a, own, conn, SETTINGS_POCKETBASE, key, settings);
    if (!err)
        err = read_kind(a, own, conn, SETTINGS_OWN, key, settings);
    if (err)
        return err_copy(a, err);
    settings_rates_index(own, settings);
    *ret = settings;
    (void)TAKE(own); /* the snapshot's from here */
    return NULL;
}

/* --- writing ---------------------------------------------------------------------------------- */

bool settings_seal(struct arena *a, struct str json, struct str key, struct str *ret_text)
{
    struct str sealed;

    if (!aes_gcm_seal(a, key, json, &sealed))
        return false;
    *ret_text = base64_encode(a, sealed);
    return true;
}

/* Bytes as PocketBase binds them when plain, base64 text when encrypted. */
static bool make_value(struct arena *a, enum settings_kind kind, const struct settings *settings,
                       struct str key, struct db_value *ret)
{
    AUTO_BUF struct buf text;
    struct str sealed;

    buf_init(&text, SETTINGS_JSON_MAX);
    settings_write(&text, kind, settings, true);
    if (key.n == 0) {
        *ret = DB_V_BLOB(arena_dup(a, buf_str(&text)));
        return !text.full;
    }
    if (text.full || !settings_seal(a, buf_str(&text), key, &sealed))
        return false;
    *ret = DB_V_TEXT(sealed);
    return true;
}

static struct err *write_row(struct arena *a, struct db_conn *tx, enum settings_kind kind,
                             const struct settings *settings, struct str key, int64_t now_ms)
{
    char now[DATE_TEXT_LEN + 1];
    struct db_value values[3] = {DB_V_TEXT(str_of(settings_tables[kind].row))};

    if (!make_value(a, kind, settings, key, &values[1]))
        return err_new(a, E_BAD_REQUEST, "The settings may have no more than 16 MiB.",
                       "too large, or the key of --encryptionEnv has not 16, 24 or 32 bytes");
    date_format(now, now_ms);
    values[2] = DB_V_TEXT(((struct str){now, DATE_TEXT_LEN}));
    return db_exec(a, tx,
                   STR("INSERT INTO _params (id, value, created, updated) VALUES (?1, ?2, ?3, ?3) "
                       "ON CONFLICT (id) DO UPDATE SET value = excluded.value, "
                       "updated = excluded.updated"),
                   values, 3, NULL);
}

/* --- changes ---------------------------------------------------------------------------------- */

struct err *settings_change_unit(struct db_conn *tx, const void *in, struct arena *a,
                                 void **ret_out)
{
    const struct settings_change *change = in;
    struct settings *after = ARENA_NEW(a, struct settings);
    struct err *err, *refused = NULL;

    err = read_kind(a, a, tx, change->kind, change->key, after);
    if (err)
        return err;
    if (!settings_merge(a, &settings_tables[change->kind], change->form, after))
        return err_new(a, E_BAD_REQUEST, NULL, "a setting has the wrong type");
    settings_check(a, change->kind, after, &refused);
    if (refused)
        return refused;
    *ret_out = after;
    return write_row(a, tx, change->kind, after, change->key, change->now_ms);
}

struct err *settings_rename_labels(struct arena *a, struct db_conn *tx, struct str key,
                                   struct str former, struct str name, int64_t now_ms,
                                   bool *ret_changed)
{
    struct str prefix = arena_concat(a, former, STR(":"), STR_NONE);
    struct settings *settings = ARENA_NEW(a, struct settings);
    struct err *err = read_kind(a, a, tx, SETTINGS_POCKETBASE, key, settings);

    *ret_changed = false;
    if (err)
        return err;
    for (size_t i = 0; i < settings->rate_limits.n_rules; i++) {
        struct str *label = &settings->rate_limits.rules[i].label;

        if (!str_starts(*label, prefix))
            continue;
        *label = arena_concat(a, name, str_from(*label, former.n), STR_NONE);
        *ret_changed = true;
    }
    return *ret_changed ? write_row(a, tx, SETTINGS_POCKETBASE, settings, key, now_ms) : NULL;
}
