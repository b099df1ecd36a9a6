/*
 * Cursors: a place in a list, packed and sealed.
 *
 * Packed are a version, flags, three codes that say what the cursor belongs to, and the values of
 * the sort keys, then zeros: its length says nothing about them.
 */
#include "records/cursor.h"

#include "base/crypto.h"
#include "base/limits.h"
#include "base/num.h"

#include <string.h>

#define PURPOSE STR("reeve.cursor")
#define VERSION 1
#define CODE_BYTES ((size_t)8)
#define PAD_BYTES ((size_t)64)
#define LAST STR("last")

enum { FLAG_BACKWARD = 1, FLAG_INCLUSIVE = 2, FLAG_BY_ID = 4 };

/* Lives in `key`. */
static struct str key_of(const struct schema *schema, unsigned char key[SHA256_LEN])
{
    hmac_sha256(key, PURPOSE, schema->superusers->auth->tokens[TOKEN_AUTH].secret, STR(""));
    return (struct str){(const char *)key, SHA256_LEN};
}

/* --- packing --------------------------------------------------------------------------------- */

static void pack_u64(struct buf *out, uint64_t x)
{
    for (unsigned i = 0; i < 8; i++)
        buf_add_byte(out, (char)(x >> 8 * i & 0xff));
}

static void pack_code(struct buf *out, struct str text)
{
    unsigned char digest[SHA256_LEN];

    sha256(digest, text);
    buf_add_bytes(out, digest, CODE_BYTES);
}

static void pack_value(struct buf *out, struct db_value value)
{
    uint64_t bits;

    buf_add_byte(out, (char)value.type);
    switch (value.type) {
    case DB_TEXT:
    case DB_BLOB:
        pack_u64(out, value.s.n);
        buf_add(out, value.s);
        return;
    case DB_INT:
        pack_u64(out, (uint64_t)value.i);
        return;
    case DB_REAL:
        memcpy(&bits, &value.d, sizeof(bits));
        pack_u64(out, bits);
        return;
    case DB_NULL:
        return;
    }
    BUG("not a database value");
}

static void pack_head(struct buf *out, const struct query_spec *spec, unsigned flags, uint32_t skip)
{
    buf_add_byte(out, VERSION);
    buf_add_byte(out, (char)flags);
    pack_code(out, spec->col->id);
    pack_code(out, spec->sort);
    pack_u64(out, spec->col->code);
    pack_u64(out, skip);
}

static void pack_values(struct buf *out, const struct db_value *values, unsigned n)
{
    buf_add_byte(out, (char)n);
    for (unsigned i = 0; i < n; i++)
        pack_value(out, values[i]);
}

/* Sorted by e-mails that the client may not see, all are of one length. */
static size_t padding_of(const struct query_spec *spec)
{
    return !spec->client_is_superuser && str_has(spec->sort, STR("email")) ? LIMIT_CURSOR_BYTES
                                                                           : PAD_BYTES;
}

static struct err *seal(struct arena *a, const struct query_spec *spec, struct buf *packed,
                        struct str *ret)
{
    const size_t padding = padding_of(spec);
    unsigned char key[SHA256_LEN];
    struct str sealed;

    while (packed->n % padding != 0)
        buf_add_byte(packed, '\0');
    if (!aes_gcm_seal(a, key_of(spec->schema, key), buf_str(packed), &sealed))
        return err_new(a, E_INTERNAL, NULL, "a cursor could not be sealed");
    *ret = base64url_encode(a, sealed);
    return NULL;
}

struct err *rec_place_write(struct arena *a, const struct query_spec *spec,
                            const struct rec_place *place, struct str *ret)
{
    const struct query_seek *seek = &place->seek;
    unsigned flags = (seek->backward ? FLAG_BACKWARD : 0) | (seek->inclusive ? FLAG_INCLUSIVE : 0);
    struct db_value id = DB_V_TEXT(place->id);
    AUTO_BUF struct buf packed;

    *ret = STR_NONE;
    buf_init(&packed, LIMIT_CURSOR_BYTES);
    pack_head(&packed, spec, flags, place->skip);
    pack_values(&packed, seek->values, seek->n);
    if (packed.full && place->id.n == 0)
        return NULL;
    if (packed.full && spec->col->type == SCHEMA_VIEW)
        return err_new(a, E_BAD_REQUEST,
                       "The values that the list is sorted by are too long for a cursor.",
                       "a cursor over %zu bytes in a view", packed.max);
    if (packed.full) {
        buf_reset(&packed);
        pack_head(&packed, spec, flags | FLAG_BY_ID, 0);
        pack_values(&packed, &id, 1);
    }
    return seal(a, spec, &packed, ret);
}

/* --- unpacking ------------------------------------------------------------------------------- */

/* Only what was sealed here is unpacked, so its form needs no words of its own. */
struct unpacking {
    struct str rest;
    bool broken;
};

static struct str unpack_bytes(struct unpacking *un, uint64_t n)
{
    struct str bytes = str_sub(un->rest, 0, (size_t)n);

    if (n > un->rest.n) {
        un->broken = true;
        return STR("");
    }
    un->rest = str_from(un->rest, (size_t)n);
    return bytes;
}

static unsigned unpack_byte(struct unpacking *un)
{
    struct str byte = unpack_bytes(un, 1);

    return byte.n > 0 ? (unsigned char)byte.p[0] : 0;
}

static uint64_t unpack_u64(struct unpacking *un)
{
    struct str bytes = unpack_bytes(un, 8);
    uint64_t x = 0;

    for (unsigned i = 0; i < bytes.n; i++)
        x |= (uint64_t)(unsigned char)bytes.p[i] << 8 * i;
    return x;
}

static bool unpack_code(struct unpacking *un, struct str text)
{
    unsigned char digest[SHA256_LEN];

    sha256(digest, text);
    return str_eq(unpack_bytes(un, CODE_BYTES), (struct str){(const char *)digest, CODE_BYTES});
}

static struct db_value unpack_value(struct unpacking *un)
{
    struct db_value value = {.type = (enum db_type)unpack_byte(un)};
    uint64_t bits;

    switch (value.type) {
    case DB_TEXT:
    case DB_BLOB:
        value.s = unpack_bytes(un, unpack_u64(un));
        return value;
    case DB_INT:
        value.i = (int64_t)unpack_u64(un);
        return value;
    case DB_REAL:
        bits = unpack_u64(un);
        memcpy(&value.d, &bits, sizeof(bits));
        return value;
    case DB_NULL:
        return value;
    }
    un->broken = true;
    return DB_V_NULL;
}

static void unpack_values(struct arena *a, struct unpacking *un, struct query_seek *ret)
{
    unsigned n = unpack_byte(un);
    struct db_value *values = ARENA_ARRAY(a, struct db_value, n);

    for (unsigned i = 0; i < n && !un->broken; i++)
        values[i] = unpack_value(un);
    ret->values = values;
    ret->n = n;
}

#define REFUSE(a, words) err_new((a), E_BAD_REQUEST, "" words, "the cursor")
#define NOT_OURS "The cursor is none that this server has made."

static struct err *open_seal(struct arena *a, const struct schema *schema, struct str cursor,
                             struct unpacking *ret)
{
    unsigned char key[SHA256_LEN];
    struct str sealed;

    *ret = (struct unpacking){0};
    if (!base64url_decode(a, cursor, &sealed) ||
        !aes_gcm_open(a, key_of(schema, key), sealed, &ret->rest))
        return REFUSE(a, NOT_OURS);
    if (unpack_byte(ret) != VERSION)
        return REFUSE(a, "The cursor was made by another version.");
    return NULL;
}

static struct err *unpack(struct arena *a, const struct query_spec *spec, struct str cursor,
                          unsigned *ret_flags, struct rec_place *ret)
{
    struct unpacking un;
    struct err *err = open_seal(a, spec->schema, cursor, &un);

    if (err)
        return err;
    *ret_flags = unpack_byte(&un);
    if (!unpack_code(&un, spec->col->id))
        return REFUSE(a, "The cursor belongs to another collection.");
    if (!unpack_code(&un, spec->sort))
        return REFUSE(a, "The cursor belongs to another sort.");
    if (unpack_u64(&un) != spec->col->code)
        return REFUSE(a, "The cursor belongs to an older schema of the collection.");
    ret->skip = (uint32_t)unpack_u64(&un);
    ret->seek.backward = *ret_flags & FLAG_BACKWARD;
    ret->seek.inclusive = *ret_flags & FLAG_INCLUSIVE;
    unpack_values(a, &un, &ret->seek);
    return un.broken ? REFUSE(a, NOT_OURS) : NULL;
}

/* --- by the row's id ------------------------------------------------------------------------- */

/* The keys of the row whose id is the only value so far, as the list has them: if it has the row.
 */
static struct err *find_keys(struct arena *a, struct db_conn *conn, const struct query_spec *list,
                             struct rec_place *place)
{
    const struct query_seek begin = {0};
    AUTO(db_release) struct db_stmt *stmt = NULL;
    struct query_spec spec = *list;
    struct rec row;
    struct err *err;
    bool found = false;

    place->id = place->seek.values[0].s;
    spec.id = place->id;
    spec.seek = &begin;
    err = rec_open(a, conn, &spec, &stmt);
    if (!err)
        err = db_step(a, stmt, &found);
    if (err)
        return err;
    if (!found)
        return REFUSE(a, "The record that the cursor stands at is gone: begin anew.");
    row = rec_copy_row(a, stmt, spec.col);
    place->seek.values = row.cells + spec.col->n_fields;
    place->seek.n = db_columns(stmt) - (unsigned)spec.col->n_fields;
    return NULL;
}

/* --- from ------------------------------------------------------------------------------------ */

/* Whole ones as such: compared with texts, 5 is '5' and 5.0 is not. */
static struct db_value number_of(const struct json *json)
{
    int64_t whole;

    return num_parse_i64(json->text, &whole) ? DB_V_INT(whole) : DB_V_REAL(json_double(json));
}

static struct err *read_from(struct arena *a, const struct rec_list_params *params,
                             struct rec_place *ret)
{
    struct db_value *value = ARENA_NEW(a, struct db_value);
    const struct json *json;

    if (params->sort.n == 0)
        return REFUSE(a, "from needs a sort: it is a value of the first sort field.");
    if (!json_read(a, params->from, &json_limits_strict, &json, NULL) || json->type == JSON_LIST ||
        json->type == JSON_OBJECT)
        return REFUSE(a, "from must be a JSON text, number, bool or null.");
    if (json->type == JSON_TEXT)
        *value = DB_V_TEXT(json->text);
    else if (json->type == JSON_NUMBER)
        *value = number_of(json);
    else if (json->type == JSON_BOOL)
        *value = DB_V_INT(json->truth);
    else
        *value = DB_V_NULL;
    ret->seek = (struct query_seek){.values = value, .n = 1, .inclusive = true, .is_clients = true};
    return NULL;
}

/* --- all ------------------------------------------------------------------------------------- */

struct err *rec_place_read(struct arena *a, struct db_conn *conn, const struct query_spec *spec,
                           const struct rec_list_params *params, struct rec_place *ret)
{
    unsigned flags;
    struct err *err;

    *ret = (struct rec_place){0};
    if (query_sort_is_random(spec->sort))
        return REFUSE(a, "A list by cursor cannot be sorted by @random.");
    if (params->from.n > 0 && params->cursor.n > 0)
        return REFUSE(a, "cursor and from exclude each other.");
    if (params->from.n > 0)
        return read_from(a, params, ret);
    if (params->cursor.n == 0)
        return NULL;
    if (str_eq(params->cursor, LAST)) {
        ret->seek.backward = true;
        return NULL;
    }
    err = unpack(a, spec, params->cursor, &flags, ret);
    if (!err && flags & FLAG_BY_ID)
        err = find_keys(a, conn, spec, ret);
    return err;
}
