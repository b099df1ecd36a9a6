/*
 * Submitted bodies: which field a key names, modifiers (records.md 7), and the body as rules see
 * it.
 */
#include "records/edits.h"

#include "base/map.h"
#include "records/values.h"

#include <stdlib.h>
#include <string.h>

/* --- keys ------------------------------------------------------------------------------------- */

/* Modifier keys; a field's name is the key without them. What generates is for texts. */
static const struct {
    struct str prefix, suffix;
    enum rec_op op;
    bool lists, numbers, generate;
} modifiers[] = {
    {STR_INIT(""), STR_INIT("+"), REC_OP_APPEND, .lists = true, .numbers = true},
    {STR_INIT(""), STR_INIT("-"), REC_OP_REMOVE, .lists = true, .numbers = true},
    {STR_INIT("+"), STR_INIT(""), REC_OP_PREPEND, .lists = true},
    {STR_INIT(""), STR_INIT(":autogenerate"), REC_OP_SET, .generate = true},
};

const struct schema_field *rec_key_field(const struct schema_col *col, struct str key,
                                         enum rec_op *ret_op, bool *ret_generate)
{
    const struct schema_field *field = schema_field(col, key);

    *ret_generate = false;
    *ret_op = field && field->type->kind == FIELD_AUTODATE ? REC_OP_NONE : REC_OP_SET;
    for (size_t i = 0; i < COUNT_OF(modifiers) && !field; i++) {
        size_t around = modifiers[i].prefix.n + modifiers[i].suffix.n;

        if (key.n <= around || !str_starts(key, modifiers[i].prefix) ||
            !str_ends(key, modifiers[i].suffix))
            continue;
        field = schema_field(col, str_sub(key, modifiers[i].prefix.n, key.n - around));
        if (field && !(modifiers[i].lists && field->type->value == VALUE_LIST) &&
            !(modifiers[i].numbers && field->type->value == VALUE_NUMBER) &&
            !(modifiers[i].generate && field->type->kind == FIELD_TEXT))
            field = NULL;
        *ret_op = modifiers[i].op;
        *ret_generate = modifiers[i].generate;
    }
    return field;
}

bool rec_may_set(const struct schema_col *col, const struct schema_field *field, bool superuser)
{
    return superuser || !field->hidden || (col->auth && field == col->auth->password);
}

/* --- edits ------------------------------------------------------------------------------------ */

static void convert_edit(struct arena *a, struct rec_edit *edit, const struct json *in,
                         bool generate)
{
    const struct schema_field *field = edit->field;
    struct str generated;

    if (edit->op == REC_OP_NONE)
        return;
    if (edit->op != REC_OP_SET && field->type->value == VALUE_LIST) {
        edit->items = str_list_unique(a, field_json_list(a, in));
        return;
    }
    edit->value = field->type->accept(a, field, in);
    if (generate && field->text.autogenerate.n &&
        regex_generate(a, field->text.autogenerate, &generated))
        edit->value.text = arena_concat(a, edit->value.text, generated, STR_NONE);
}

static int compare_edits(const void *x, const void *y)
{
    const struct rec_edit *a = x, *b = y;

    if (a->key_length != b->key_length)
        return a->key_length < b->key_length ? -1 : 1;
    return a->at < b->at ? -1 : a->at > b->at;
}

void rec_edits_parse(struct arena *a, const struct schema_col *col, const struct json *body,
                     bool superuser, struct rec_edits *ret)
{
    *ret = (struct rec_edits){0};
    for (size_t i = 0; body && i < body->n; i++) {
        const struct json_member *member = &body->members[i];
        struct rec_edit edit = {.key_length = member->key.n, .at = i};
        bool generate;

        edit.field = rec_key_field(col, member->key, &edit.op, &generate);
        if (!edit.field || !rec_may_set(col, edit.field, superuser))
            continue;
        convert_edit(a, &edit, &member->value, generate);
        *VEC_PUSH(a, ret) = edit;
    }
    if (ret->n > 1)
        qsort(ret->items, ret->n, sizeof(ret->items[0]), compare_edits);
}

/* --- applying them ---------------------------------------------------------------------------- */

/* Large lists are submitted by clients: membership by hash, not by search. */
static struct str_list subtract_list(struct arena *a, struct str_list from, struct str_list items)
{
    const struct value few = {.type = VALUE_LIST, .list = {items.items, items.n}};
    struct str_list left = {ARENA_ARRAY(a, struct str, from.n), 0};
    bool many = items.n > 8;
    struct map set = {0};

    for (size_t i = 0; many && i < items.n; i++)
        map_put(a, &set, items.items[i], &set);
    for (size_t i = 0; i < from.n; i++) {
        struct str item = from.items[i];

        if (!(many ? map_find(&set, item) != NULL : rec_list_has(&few, item)))
            left.items[left.n++] = item;
    }
    return left;
}

static void change_list(struct arena *a, const struct rec_edit *edit, struct value *value)
{
    struct str_list list = {value->list.items, value->list.n};

    if (edit->op == REC_OP_REMOVE)
        list = subtract_list(a, list, edit->items);
    else if (edit->op == REC_OP_APPEND)
        list = rec_list_join(a, list, edit->items);
    else
        list = rec_list_join(a, edit->items, list);
    list = rec_list_fit(edit->field, list);
    value->list.items = list.items;
    value->list.n = list.n;
}

void rec_edits_apply(struct arena *a, const struct rec_edits *edits, struct value *values)
{
    for (size_t i = 0; i < edits->n; i++) {
        const struct rec_edit *edit = &edits->items[i];
        struct value *value = &values[edit->field->at];

        if (edit->op == REC_OP_NONE)
            continue;
        if (edit->op == REC_OP_SET)
            *value = edit->value;
        else if (edit->field->type->value == VALUE_LIST)
            change_list(a, edit, value);
        else if (edit->op == REC_OP_APPEND)
            value->number += edit->value.number;
        else
            value->number -= edit->value.number;
    }
}

/* --- what rules see --------------------------------------------------------------------------- */

const struct json *rec_resolved_body(struct arena *a, const struct schema_col *col,
                                     const struct json *body, bool superuser,
                                     const struct value *values)
{
    struct json *resolved = ARENA_NEW(a, struct json);
    struct json_member *members = ARENA_ARRAY(a, struct json_member, body ? body->n : 0);
    bool *seen = ARENA_ARRAY(a, bool, col->n_fields);
    size_t n = 0;

    for (size_t i = 0; body && i < body->n; i++) {
        const struct schema_field *field;
        enum rec_op op;
        bool generate;

        field = rec_key_field(col, body->members[i].key, &op, &generate);
        if (!field) {
            members[n++] = body->members[i];
            continue;
        }
        if (seen[field->at] || !rec_may_set(col, field, superuser))
            continue;
        seen[field->at] = true;
        members[n].key = field->name;
        members[n++].value = field_value_json(a, field, &values[field->at]);
    }
    *resolved = json_of_object(members, n);
    return resolved;
}
