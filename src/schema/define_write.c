/*
 * A definition as the API shows it and as it is stored.
 */
#include "schema/define.h"

#include "schema/shape.h"

void schema_write_fields(struct buf *out, const struct schema_def *def)
{
    BUF_ADD(out, "[");
    for (size_t i = 0; i < def->fields.n; i++) {
        const struct json *field = &def->fields.items[i];
        const struct json *type = json_get(field, STR("type"));

        if (i)
            BUF_ADD(out, ",");
        shape_write(out, shape_of_field(field_type_find(type->text)), field, true);
    }
    BUF_ADD(out, "]");
}

static void write_rule(struct buf *out, const char *key, const struct schema_rule *rule)
{
    buf_addf(out, ",\"%s\":", key);
    if (rule->set)
        json_write_text(out, rule->text);
    else
        BUF_ADD(out, "null");
}

static void write_text(struct buf *out, const char *key, struct str text)
{
    buf_addf(out, ",\"%s\":", key);
    json_write_text(out, text);
}

/* The members of an auth collection's options follow the others. */
static void write_options(struct buf *out, const struct schema_def *def)
{
    size_t mark = out->n;

    shape_write(out, &shape_auth_options, &def->options, false);
    if (!out->full)
        out->p[mark] = ',';
}

void schema_write_def(struct buf *out, const struct schema_def *def)
{
    static const char *const rules[] = {"listRule", "viewRule", "createRule", "updateRule",
                                        "deleteRule"};

    BUF_ADD(out, "{\"id\":");
    json_write_text(out, def->id);
    for (size_t i = 0; i < RULE_KINDS; i++)
        write_rule(out, rules[i], &def->rules[i]);
    write_text(out, "name", def->name);
    write_text(out, "type", def->type);
    BUF_ADD(out, ",\"fields\":");
    schema_write_fields(out, def);
    BUF_ADD(out, ",\"indexes\":");
    list_write(out, (struct str_list){def->indexes.items, def->indexes.n});
    write_text(out, "created", def->created);
    write_text(out, "updated", def->updated);
    buf_addf(out, ",\"system\":%s", def->system ? "true" : "false");
    if (str_eq(def->type, STR("view")))
        write_text(out, "viewQuery", def->view_query);
    if (str_eq(def->type, STR("auth"))) {
        write_options(out, def); /* its last byte closes the object */
        return;
    }
    BUF_ADD(out, "}");
}
