/*
 * Field type geoPoint: {"lon":…,"lat":…}.
 *
 * PocketBase's decoder streams: of a submitted text, what stands before a fault is kept. A stored
 * text with a fault makes its record unreadable, so a caller can ask whether there is one.
 */
#include "base/num.h"
#include "schema/internal.h"

#include <math.h>

struct point {
    double lon, lat;
};

/* Where the JSON value at s.p[at] ends: brackets are counted, strings skipped; what stands between
 * is for the validator. */
static size_t value_end(struct str s, size_t at)
{
    size_t depth = 0;
    bool quoted = false;

    for (; at < s.n; at++) {
        char c = s.p[at];

        if (quoted) {
            at += c == '\\';
            quoted = c != '"';
        } else if (c == '"') {
            quoted = true;
        } else if (c == '[' || c == '{') {
            depth++;
        } else if (depth == 0 && (c == ',' || c == '}' || c == ']')) {
            return at;
        } else if (c == ']' || c == '}') {
            depth--;
        }
    }
    return s.n;
}

static bool read_number(struct str text, double *ret)
{
    return num_parse_json(text, ret) && isfinite(*ret);
}

/* A member that is not ours only has to be valid. */
static bool read_member(struct str key, struct str text, struct point *point)
{
    double *to = NULL;

    if (str_eq(key, STR("lon")))
        to = &point->lon;
    else if (str_eq(key, STR("lat")))
        to = &point->lat;
    if (!to)
        return json_valid(text, &json_limits_strict);
    return str_eq(text, STR("null")) || read_number(text, to);
}

/* One `"key": value` at s.p[*at]; `seen` has a bit for lon and one for lat. */
static bool read_pair(struct arena *a, struct str s, size_t *at, unsigned *seen,
                      struct point *point)
{
    size_t end;
    const struct json *key;
    unsigned bit;

    for (end = *at + 1; end < s.n && s.p[end] != '"'; end++)
        end += s.p[end] == '\\';
    if (end >= s.n || s.p[*at] != '"' ||
        !json_read(a, str_sub(s, *at, end + 1 - *at), &json_limits_strict, &key, NULL))
        return false;
    bit = str_eq(key->text, STR("lon")) ? 1U : str_eq(key->text, STR("lat")) ? 2U : 0U;
    if (*seen & bit)
        return false;
    *seen |= bit;
    *at = skip_json_space(s, end + 1);
    if (*at >= s.n || s.p[*at] != ':')
        return false;
    *at = skip_json_space(s, *at + 1);
    end = value_end(s, *at);
    if (!read_member(key->text, str_trim_space(str_sub(s, *at, end - *at)), point))
        return false;
    *at = end;
    return true;
}

/* Whether all of the text is a point; *point gets what came before a fault. */
static bool read_text(struct arena *a, struct str s, struct point *point)
{
    size_t at = skip_json_space(s, 0);
    unsigned seen = 0;

    if (at == s.n || str_eq(str_trim_space(s), STR("null")))
        return true;
    if (s.p[at] != '{')
        return false;
    at = skip_json_space(s, at + 1);
    while (at < s.n && s.p[at] != '}') {
        if (!read_pair(a, s, &at, &seen, point))
            return false;
        if (at < s.n && s.p[at] == ',')
            at = skip_json_space(s, at + 1);
        else if (at >= s.n || s.p[at] != '}')
            return false;
    }
    return json_valid(s, &json_limits_strict);
}

/* The form that is written: nothing in it can be at fault but the numbers. */
static bool read_normal(struct str s, struct point *point)
{
    static const struct str head = STR_INIT("{\"lon\":");
    static const struct str middle = STR_INIT(",\"lat\":");
    size_t comma = str_find_byte(s, ',');

    if (!str_starts(s, head) || !str_ends(s, STR("}")) || !str_starts(str_from(s, comma), middle))
        return false;
    return read_number(str_sub(s, head.n, comma - head.n), &point->lon) &&
           read_number(str_sub(s, comma + middle.n, s.n - comma - middle.n - 1), &point->lat);
}

static bool read_cell(struct arena *a, struct db_value cell, struct point *point)
{
    struct str text = cell_text(a, cell);

    if (read_normal(text, point))
        return true;
    *point = (struct point){0, 0};
    return read_text(a, text, point);
}

static struct value value_geo(struct point point)
{
    return (struct value){.type = VALUE_GEO, .geo = {point.lon, point.lat}};
}

static bool member_number(const struct json *in, const char *key, double *ret)
{
    const struct json *member = json_get(in, str_of(key));

    if (!member || member->type == JSON_NULL)
        return true;
    *ret = json_double(member);
    return member->type == JSON_NUMBER;
}

static struct value geo_accept(struct arena *a, const struct schema_field *field,
                               const struct json *in)
{
    struct point point = {0, 0};

    (void)field;
    if (in && in->type == JSON_TEXT)
        (void)read_text(a, in->text, &point); /* a fault keeps what came before it */
    else if (in && in->type == JSON_OBJECT &&
             !(member_number(in, "lon", &point.lon) && member_number(in, "lat", &point.lat)))
        point = (struct point){0, 0};
    return value_geo(point);
}

static bool geo_is_readable(struct arena *a, const struct schema_field *field, struct db_value cell)
{
    struct point point;

    (void)field;
    return read_cell(a, cell, &point);
}

static struct value geo_load(struct arena *a, const struct schema_field *field,
                             struct db_value cell)
{
    struct point point = {0, 0};

    (void)field;
    if (!read_cell(a, cell, &point))
        point = (struct point){0, 0};
    return value_geo(point);
}

static void write_point(struct buf *out, double lon, double lat)
{
    BUF_ADD(out, "{\"lon\":");
    json_write_double(out, lon);
    BUF_ADD(out, ",\"lat\":");
    json_write_double(out, lat);
    BUF_ADD(out, "}");
}

static struct db_value geo_store(struct arena *a, const struct schema_field *field,
                                 const struct value *value)
{
    struct buf out;

    (void)field;
    buf_init(&out, 1024);
    write_point(&out, value->geo.lon, value->geo.lat);
    return DB_V_TEXT(buf_take(a, &out));
}

static void geo_check(struct arena *a, const struct schema_field *field, const struct value *value,
                      struct err **err)
{
    if (field_value_is_zero(value)) {
        if (field->required)
            check_fail(a, field, CODE_REQUIRED, STR_NONE, err);
    } else if (fabs(value->geo.lat) > 90) {
        check_fail(a, field, CODE_LATITUDE, STR_NONE, err);
    } else if (fabs(value->geo.lon) > 180) {
        check_fail(a, field, CODE_LONGITUDE, STR_NONE, err);
    }
}

static void geo_write(struct arena *a, struct buf *out, const struct schema_field *field,
                      struct db_value cell)
{
    struct value value = geo_load(a, field, cell);

    write_point(out, value.geo.lon, value.geo.lat);
}

const struct field_type field_geo = {
    .kind = FIELD_GEO,
    .name = "geoPoint",
    .column = DB_COL_GEO,
    .column_multiple = DB_COL_GEO,
    .value = VALUE_GEO,
    .read_options = field_no_opts,
    .accept = geo_accept,
    .is_readable = geo_is_readable,
    .load = geo_load,
    .store = geo_store,
    .check = geo_check,
    .write = geo_write,
};
