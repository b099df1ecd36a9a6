/*
 * The row of `_params`, loaded and written.
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

/* Plain JSON first: a directory may have been written before encryption was switched on. */
static struct err *read_row(struct arena *a, struct db_conn *conn, struct str key,
                            const struct json **ret)
{
    struct db_row *row = NULL;
    struct str text;
    struct err *err;

    err = db_query_row(a, conn, STR("SELECT value FROM _params WHERE id = 'settings'"), NULL, 0,
                       &row);
    if (err)
        return err;
    if (!row || (row->cells[0].type != DB_TEXT && row->cells[0].type != DB_BLOB))
        return err_new(a, E_INTERNAL, NULL, "data.db: table _params holds no settings");
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

static struct err *apply_defaults(struct arena *a, struct settings *settings)
{
    const struct json *defaults;

    if (!read_object(a, settings_default_json(a), &defaults))
        BUG("default settings that are no JSON");
    return settings_apply(a, defaults, settings);
}

struct err *settings_load(struct arena *a, struct db_conn *conn, struct str key,
                          struct settings **ret)
{
    AUTO(arena_free) struct arena *own = arena_new();
    struct settings *settings = ARENA_NEW(own, struct settings);
    const struct json *object;
    struct err *err;

    snapshot_init(&settings->snapshot, own);
    err = apply_defaults(own, settings);
    if (!err)
        err = read_row(a, conn, key, &object);
    if (!err)
        err = settings_apply(own, object, settings);
    if (err)
        return err_copy(a, err);
    *ret = settings;
    (void)TAKE(own); /* the snapshot's from here */
    return NULL;
}

/* --- writing ---------------------------------------------------------------------------------- */

static struct json ips_json(struct arena *a, const struct settings_texts *ips)
{
    struct json *items = ARENA_ARRAY(a, struct json, ips->n);

    for (size_t i = 0; i < ips->n; i++)
        items[i] = json_of_text(ips->items[i]);
    return json_of_list(items, ips->n);
}

/* The object with the list in place of the former one, or first. */
static struct json with_ips(struct arena *a, const struct json *object, struct json ips)
{
    struct json_member *members = ARENA_ARRAY(a, struct json_member, (size_t)object->n + 1);
    size_t n = 0;

    if (!json_get(object, STR("superuserIPs")))
        members[n++] = (struct json_member){STR("superuserIPs"), ips};
    for (size_t i = 0; i < object->n; i++) {
        members[n] = object->members[i];
        if (str_eq(members[n].key, STR("superuserIPs")))
            members[n].value = ips;
        n++;
    }
    return json_of_object(members, n);
}

bool settings_seal(struct arena *a, struct str json, struct str key, struct str *ret_text)
{
    struct str sealed;

    if (!aes_gcm_seal(a, key, json, &sealed))
        return false;
    *ret_text = base64_encode(a, sealed);
    return true;
}

/* Bytes as PocketBase binds them when plain, base64 text when encrypted. */
static bool make_value(struct arena *a, const struct json *object, struct str key,
                       struct db_value *ret)
{
    AUTO_BUF struct buf text;
    struct str sealed;

    buf_init(&text, SETTINGS_JSON_MAX);
    json_write(&text, object, false);
    if (key.n == 0) {
        *ret = DB_V_BLOB(arena_dup(a, buf_str(&text)));
        return !text.full;
    }
    if (text.full || !settings_seal(a, buf_str(&text), key, &sealed))
        return false;
    *ret = DB_V_TEXT(sealed);
    return true;
}

struct err *settings_write_superuser_ips(struct db_conn *tx, const void *in, struct arena *a,
                                         void **ret_out)
{
    const struct settings_set_ips *set = in;
    char now[DATE_TEXT_LEN + 1];
    const struct json *object;
    struct db_value values[2];
    struct json changed;
    struct err *err;

    (void)ret_out;
    err = read_row(a, tx, set->key, &object);
    if (err)
        return err;
    changed = with_ips(a, object, ips_json(a, &set->ips));
    if (!make_value(a, &changed, set->key, &values[0]))
        return err_new(a, E_INTERNAL, NULL, "settings: the key has no valid length");
    date_format(now, set->now_ms);
    values[1] = DB_V_TEXT(((struct str){now, DATE_TEXT_LEN}));
    return db_exec(a, tx, STR("UPDATE _params SET value = ?1, updated = ?2 WHERE id = 'settings'"),
                   values, 2, NULL);
}
