/*
 * Definitions: scaffolds, what is stored, and what a request makes of them.
 */
#include "schema/define.h"

#include "base/date.h"
#include "base/id.h"
#include "schema/shape.h"

#include <inttypes.h>

#define TEXT_MAX (16 * 1024 * 1024)

struct str schema_auto_id(struct arena *a, struct str type, struct str name)
{
    return arena_printf(a, "pbc_%" PRIu32, crc32_ieee(arena_concat(a, type, name, STR_NONE)));
}

static struct str member_text(const struct json *object, const char *key)
{
    const struct json *member = json_get(object, str_of(key));

    return member && member->type == JSON_TEXT ? member->text : STR_NONE;
}

/* --- fields ----------------------------------------------------------------------------------- */

static struct json *field_by(struct schema_def *def, const char *key, struct str text)
{
    for (size_t i = 0; i < def->fields.n; i++)
        if (str_eq(member_text(&def->fields.items[i], key), text))
            return &def->fields.items[i];
    return NULL;
}

static struct str default_field_id(struct arena *a, struct schema_def *def,
                                   const struct json *field)
{
    struct str type = member_text(field, "type");
    uint32_t crc = crc32_ieee(member_text(field, "name"));
    struct str id = arena_printf(a, "%.*s%" PRIu32, STR_ARG(type), crc);

    for (int i = 2; field_by(def, "id", id) && i < 1000; i++)
        id = arena_printf(a, "%.*s%" PRIu32 "%d", STR_ARG(type), crc, i);
    return id;
}

void schema_def_add_field(struct arena *a, struct schema_def *def, struct json field)
{
    struct str name = member_text(&field, "name");
    struct str id = member_text(&field, "id");
    struct json *known;

    if (id.n > 0) {
        known = field_by(def, "id", id);
    } else {
        known = name.n > 0 ? field_by(def, "name", name) : NULL;
        id = known ? member_text(known, "id") : default_field_id(a, def, &field);
        shape_set(&field, STR("id"), json_of_text(id));
    }
    if (known)
        *known = field;
    else
        *VEC_PUSH(a, &def->fields) = field;
}

/* From a literal of ours, and from what is stored. */
static struct json shaped_field(struct arena *a, const struct json *in)
{
    const struct field_type *type = field_type_find(member_text(in, "type"));
    struct json field;
    struct str why;

    if (!type || !shape_merge(a, shape_of_field(type), NULL, in, STR_NONE, &field, &why))
        field = *in;
    return field;
}

struct json schema_literal_field(struct arena *a, const char *text)
{
    const struct json *in;

    if (!json_read(a, str_of(text), &json_limits_stored, &in, NULL))
        BUG("a field of ours is no JSON");
    return shaped_field(a, in);
}

static const char id_field[] =
    "{\"type\":\"text\",\"name\":\"id\",\"system\":true,\"required\":true,\"primaryKey\":true,"
    "\"min\":15,\"max\":15,\"pattern\":\"^[a-z0-9]+$\",\"autogeneratePattern\":\"[a-z0-9]{15}\"}";

/* Fields that every auth collection has; `forced` flags are set whatever was submitted. */
static const struct mandatory {
    const char *name, *type, *literal;
    const char *on[3];
    const char *off;
} auth_fields[] = {
    {"password",
     "password",
     "{\"type\":\"password\",\"name\":\"password\",\"system\":true,\"hidden\":true,"
     "\"required\":true,\"min\":8}",
     {"system", "hidden", "required"},
     NULL},
    {"tokenKey",
     "text",
     "{\"type\":\"text\",\"name\":\"tokenKey\",\"system\":true,\"hidden\":true,\"required\":true,"
     "\"min\":30,\"max\":60,\"autogeneratePattern\":\"[a-zA-Z0-9]{50}\"}",
     {"system", "hidden", "required"},
     NULL},
    {"email",
     "email",
     "{\"type\":\"email\",\"name\":\"email\",\"system\":true,\"required\":true}",
     {"system"},
     "hidden"},
    {"emailVisibility",
     "bool",
     "{\"type\":\"bool\",\"name\":\"emailVisibility\",\"system\":true}",
     {"system"},
     NULL},
    {"verified",
     "bool",
     "{\"type\":\"bool\",\"name\":\"verified\",\"system\":true}",
     {"system"},
     NULL},
};

static struct json *field_of_type(struct schema_def *def, const char *name, const char *type)
{
    struct json *field = field_by(def, "name", str_of(name));

    return field && str_eq(member_text(field, "type"), str_of(type)) ? field : NULL;
}

static void prepend_id(struct arena *a, struct schema_def *def)
{
    struct json *items = def->fields.items;
    size_t n = def->fields.n;

    def->fields.items = NULL;
    def->fields.n = def->fields.cap = 0;
    schema_def_add_field(a, def, schema_literal_field(a, id_field));
    for (size_t i = 0; i < n; i++)
        schema_def_add_field(a, def, items[i]);
}

static void finish_id(struct arena *a, struct schema_def *def)
{
    struct json *field = field_of_type(def, "id", "text");

    if (!field) {
        prepend_id(a, def);
        return;
    }
    shape_set(field, STR("system"), json_of_bool(true));
    shape_set(field, STR("required"), json_of_bool(true));
    shape_set(field, STR("primaryKey"), json_of_bool(true));
    shape_set(field, STR("hidden"), json_of_bool(false));
    if (member_text(field, "pattern").n == 0)
        shape_set(field, STR("pattern"), json_of_text(DEFAULT_ID_PATTERN));
}

static void finish_auth_fields(struct arena *a, struct schema_def *def)
{
    for (size_t i = 0; i < COUNT_OF(auth_fields); i++) {
        const struct mandatory *m = &auth_fields[i];
        struct json *field = field_of_type(def, m->name, m->type);

        if (!field) {
            schema_def_add_field(a, def, schema_literal_field(a, m->literal));
            continue;
        }
        for (size_t j = 0; j < COUNT_OF(m->on) && m->on[j]; j++)
            shape_set(field, str_of(m->on[j]), json_of_bool(true));
        if (m->off)
            shape_set(field, str_of(m->off), json_of_bool(false));
    }
}

/* --- indexes ---------------------------------------------------------------------------------- */

static bool has_unique(struct arena *a, const struct schema_def *def, const char *field)
{
    for (size_t i = 0; i < def->indexes.n; i++) {
        struct schema_index index;

        if (schema_parse_index(a, def->indexes.items[i], def->name, &index) && index.unique &&
            index.columns.n == 1 && str_eq_nocase(index.columns.items[0], str_of(field)))
            return true;
    }
    return false;
}

static void add_auth_index(struct arena *a, struct schema_def *def, const char *field,
                           struct str where, struct str suffix)
{
    struct str name = arena_printf(a, "idx_%s_%.*s", field, STR_ARG(suffix));

    if (has_unique(a, def, field))
        return;
    name = str_sub(name, 0, 64);
    *VEC_PUSH(a, &def->indexes) =
        arena_printf(a, "CREATE UNIQUE INDEX `%.*s` ON `%.*s` (`%s`)%.*s", STR_ARG(name),
                     STR_ARG(def->name), field, STR_ARG(where));
}

static void finish_auth_indexes(struct arena *a, struct schema_def *def)
{
    struct str suffix = def->id.n ? def->id : random_text(a, 10, ALPHABET_ID);

    add_auth_index(a, def, "tokenKey", STR_NONE, suffix);
    add_auth_index(a, def, "email", STR(" WHERE `email` != ''"), suffix);
}

/* The stored text names the collection's table (7.3). */
static void finish_index_tables(struct arena *a, struct schema_def *def)
{
    for (size_t i = 0; i < def->indexes.n; i++) {
        struct str *text = &def->indexes.items[i];
        struct schema_index index;
        struct str table;

        if (schema_parse_index(a, *text, def->name, &index) && schema_index_table(*text, &table) &&
            !str_eq(table, def->name))
            *text = index.normal;
    }
}

/* --- options ---------------------------------------------------------------------------------- */

static struct json default_options(struct arena *a)
{
    static const struct boot_col fresh = {
        .type = "auth",
        .auth_duration_s = 432000,
        .mapped_fields = "{\"id\":\"\",\"name\":\"\",\"username\":\"\",\"avatarURL\":\"\"}",
    };
    const struct json *in;
    struct json options;
    struct str why;

    if (!json_read(a, boot_auth_options(a, &fresh), &json_limits_stored, &in, NULL) ||
        !shape_merge(a, &shape_auth_options, NULL, in, STR_NONE, &options, &why))
        BUG("our own auth options do not fit their shape");
    return options;
}

struct json *schema_option(struct json *options, const char *path)
{
    struct str rest = str_of(path);
    struct json *at = options;

    while (rest.p)
        at = (struct json *)(uintptr_t)json_get(at, str_split(&rest, '.'));
    return at;
}

static void finish_mapped_fields(struct schema_def *def)
{
    struct json *mapped = schema_option(&def->options, "oauth2.mappedFields");

    for (uint32_t i = 0; mapped && i < mapped->n; i++)
        if (!field_by(def, "name", mapped->members[i].value.text))
            mapped->members[i].value = json_of_text(STR(""));
}

void schema_def_force_superusers(struct schema_def *def)
{
    struct json *providers = schema_option(&def->options, "oauth2.providers");

    def->name = STR("_superusers");
    *schema_option(&def->options, "oauth2.enabled") = json_of_bool(false);
    *providers = json_of_list(NULL, 0);
    *schema_option(&def->options, "passwordAuth.enabled") = json_of_bool(true);
    if (schema_option(&def->options, "otp.enabled")->truth)
        *schema_option(&def->options, "mfa.enabled") = json_of_bool(true);
}

/* Tokens do not outlive the rule that they were given under. */
static void renew_secret(struct arena *a, struct schema_def *def, const struct schema_col *old)
{
    const struct json *rule = schema_option(&def->options, "authRule");
    struct str text = rule->type == JSON_TEXT ? rule->text : STR_NONE;

    if (old && old->auth && !str_eq(old->auth->auth_rule.text, text))
        *schema_option(&def->options, "authToken.secret") =
            json_of_text(random_text(a, 50, ALPHABET_SECRET));
}

/* --- whole definitions ------------------------------------------------------------------------ */

static bool is_auth(const struct schema_def *def)
{
    return str_eq(def->type, STR("auth"));
}

static bool is_view(const struct schema_def *def)
{
    return str_eq(def->type, STR("view"));
}

struct schema_def *schema_def_new(struct arena *a, struct str type, struct str name)
{
    struct schema_def *def = ARENA_NEW(a, struct schema_def);

    def->type = str_eq(type, STR("auth")) || str_eq(type, STR("view")) ? type : STR("base");
    def->name = name;
    def->created = def->updated = STR("");
    if (name.n > 0)
        def->id = def->auto_id = schema_auto_id(a, def->type, name);
    def->options = json_of_object(NULL, 0);
    if (!is_view(def))
        finish_id(a, def);
    if (is_auth(def)) {
        def->options = default_options(a);
        finish_auth_fields(a, def);
        finish_auth_indexes(a, def);
    }
    return def;
}

static const char *type_name(enum schema_type type)
{
    static const char *const names[] = {
        [SCHEMA_BASE] = "base", [SCHEMA_AUTH] = "auth", [SCHEMA_VIEW] = "view"};

    return names[type];
}

static void read_stored_lists(struct arena *a, struct schema_def *def, const struct schema_col *col)
{
    const struct json *list;

    if (json_read(a, col->fields_json, &json_limits_stored, &list, NULL))
        for (uint32_t i = 0; list->type == JSON_LIST && i < list->n; i++)
            *VEC_PUSH(a, &def->fields) = shaped_field(a, &list->items[i]);
    if (json_read(a, col->indexes_json, &json_limits_stored, &list, NULL))
        for (uint32_t i = 0; list->type == JSON_LIST && i < list->n; i++)
            if (list->items[i].type == JSON_TEXT)
                *VEC_PUSH(a, &def->indexes) = list->items[i].text;
}

struct schema_def *schema_def_of(struct arena *a, const struct schema_col *col)
{
    struct schema_def *def = ARENA_NEW(a, struct schema_def);
    const struct json *options;
    struct str why;

    def->id = col->id;
    def->name = col->name;
    def->type = str_of(type_name(col->type));
    def->system = col->system;
    def->rules[RULE_LIST] = col->list_rule;
    def->rules[RULE_VIEW] = col->view_rule;
    def->rules[RULE_CREATE] = col->create_rule;
    def->rules[RULE_UPDATE] = col->update_rule;
    def->rules[RULE_DELETE] = col->delete_rule;
    def->created = col->created;
    def->updated = col->updated;
    def->view_query = col->view_query;
    def->options = json_of_object(NULL, 0);
    read_stored_lists(a, def, col);
    if (is_auth(def) && json_read(a, col->options_json, &json_limits_stored, &options, NULL) &&
        !shape_merge(a, &shape_auth_options, NULL, options, STR_NONE, &def->options, &why))
        def->options = default_options(a);
    return def;
}

/* An id is given anew where the final type and name ask for it, and where it is taken. */
static void finish_generated_id(struct arena *a, struct schema_def *def,
                                const struct schema *schema)
{
    struct str former = def->id;
    struct str id;

    if (def->id.n > 0 && !(def->auto_id.n > 0 && str_eq(def->id, def->auto_id)))
        return;
    def->id = schema_auto_id(a, def->type, def->name);
    id = def->id;
    for (int i = 2; schema_find(schema, def->id) && i < 1000; i++)
        def->id = arena_printf(a, "%.*s%d", STR_ARG(id), i);
    for (size_t i = 0; former.n > 0 && !str_eq(former, def->id) && i < def->indexes.n; i++) {
        struct str text = def->indexes.items[i];
        size_t at = str_find(text, former);

        if (at < text.n)
            def->indexes.items[i] =
                arena_concat(a, str_sub(text, 0, at), def->id, str_from(text, at + former.n));
    }
}

void schema_def_finish(struct arena *a, struct schema_def *def, const struct schema *schema,
                       const struct schema_col *old, int64_t now_ms)
{
    char now[DATE_TEXT_LEN + 1];

    date_format(now, now_ms);
    if (def->type.n == 0)
        def->type = STR("base");
    if (!old)
        finish_generated_id(a, def, schema);
    def->updated = arena_dup(a, (struct str){now, DATE_TEXT_LEN});
    if (!old)
        def->created = def->updated;
    if (is_auth(def) || str_eq(def->type, STR("base")))
        finish_id(a, def);
    if (is_auth(def)) {
        if (def->options.n == 0)
            def->options = default_options(a);
        finish_auth_fields(a, def);
        finish_auth_indexes(a, def);
        finish_mapped_fields(def);
        renew_secret(a, def, old);
    }
    finish_index_tables(a, def);
}

/* --- as texts --------------------------------------------------------------------------------- */

static struct str fields_text(struct arena *a, const struct schema_def *def)
{
    struct buf out;

    buf_init(&out, TEXT_MAX);
    schema_write_fields(&out, def);
    return buf_take(a, &out);
}

static struct str indexes_text(struct arena *a, const struct schema_def *def)
{
    struct buf out;

    buf_init(&out, TEXT_MAX);
    list_write(&out, (struct str_list){def->indexes.items, def->indexes.n});
    return buf_take(a, &out);
}

static struct str options_text(struct arena *a, const struct schema_def *def)
{
    struct buf out;

    buf_init(&out, TEXT_MAX);
    if (is_auth(def)) {
        shape_write(&out, &shape_auth_options, &def->options, true);
    } else if (is_view(def)) {
        BUF_ADD(&out, "{\"viewQuery\":");
        json_write_text(&out, def->view_query);
        BUF_ADD(&out, "}");
    } else {
        BUF_ADD(&out, "{}");
    }
    return buf_take(a, &out);
}

struct schema_col *schema_def_col(struct arena *a, const struct schema_def *def, bool *ret_whole)
{
    struct schema_col *col = ARENA_NEW(a, struct schema_col);
    struct pattern_cache patterns = {.a = a};

    col->id = def->id;
    col->name = def->name;
    col->system = def->system;
    col->type = is_auth(def) ? SCHEMA_AUTH : is_view(def) ? SCHEMA_VIEW : SCHEMA_BASE;
    col->list_rule = def->rules[RULE_LIST];
    col->view_rule = def->rules[RULE_VIEW];
    col->create_rule = def->rules[RULE_CREATE];
    col->update_rule = def->rules[RULE_UPDATE];
    col->delete_rule = def->rules[RULE_DELETE];
    col->created = def->created;
    col->updated = def->updated;
    col->fields_json = fields_text(a, def);
    col->indexes_json = indexes_text(a, def);
    col->options_json = options_text(a, def);
    *ret_whole = !schema_read_fields(a, a, &patterns, col);
    *ret_whole = !schema_read_indexes(a, a, col) && *ret_whole;
    *ret_whole = *ret_whole && !schema_read_options(a, a, col);
    return col;
}
