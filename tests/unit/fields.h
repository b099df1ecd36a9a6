/*
 * unit/fields.h: tables of conversions and checks of one field type.
 */
#ifndef REEVE_TESTS_UNIT_FIELDS_H
#define REEVE_TESTS_UNIT_FIELDS_H

#include "unit/unit.h"

#include "base/compiler.h"
#include "schema/internal.h"

#include <stdio.h>
#include <string.h>

/* Submitted JSON (NULL: absent), what it is stored as, and the code of its check (NULL: passes). */
struct accept_case {
    const char *in;
    const char *stored; /* cell_show() */
    const char *code;
    const char *message;
    const char *params;
};

/* A stored cell and the JSON it is sent as; NULL: it cannot be read. */
struct write_case {
    struct db_value cell;
    const char *out;
};

#define CELL_TEXT(literal)                      \
    {                                           \
        .type = DB_TEXT, .s = STR_INIT(literal) \
    }
#define CELL_INT(x)              \
    {                            \
        .type = DB_INT, .i = (x) \
    }
#define CELL_REAL(x)              \
    {                             \
        .type = DB_REAL, .d = (x) \
    }
#define CELL_NULL       \
    {                   \
        .type = DB_NULL \
    }

/* The members of a field's definition, without braces, beside id and name. */
static inline const struct schema_field *make_field(struct arena *a, const char *members)
{
    struct schema_col *col = ARENA_NEW(a, struct schema_col);
    struct pattern_cache patterns = {.a = a};
    struct err *err;

    col->name = STR("t");
    col->fields_json = arena_printf(a,
                                    "[{\"id\":\"text3208210256\",\"name\":\"id\",\"type\":\"text\"}"
                                    ",{\"id\":\"f1\",\"name\":\"f\",%s}]",
                                    members);
    err = schema_read_fields(a, a, &patterns, col);
    if (err)
        fail_msg("%s: %.*s", members, STR_ARG(err->cause));
    return &col->fields[1];
}

static inline const char *cell_show(struct arena *a, struct db_value cell)
{
    struct str text = cell_text(a, cell);

    if (cell.type == DB_NULL)
        return "NULL";
    return arena_cstr(a, cell.type == DB_TEXT ? text : arena_printf(a, "#%.*s", STR_ARG(text)));
}

static inline void check_one(struct arena *a, const struct schema_field *field,
                             const struct value *value, const struct accept_case *c)
{
    struct err *err = NULL;

    field->type->check(a, field, value, &err);
    if (!c->code) {
        if (err)
            fail_msg("%s: unexpected %.*s", c->in, STR_ARG(err->items->code));
        return;
    }
    if (!err)
        fail_msg("%s: passes", c->in);
    assert_string_equal(arena_cstr(a, err->items->path), "f");
    assert_string_equal(arena_cstr(a, err->items->code), c->code);
    if (c->message)
        assert_string_equal(arena_cstr(a, err->items->message), c->message);
    assert_string_equal(arena_cstr(a, err->items->params), c->params ? c->params : "");
    assert_null(err->items->next);
}

static inline void run_accept(const char *def, const struct accept_case *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        AUTO(arena_free) struct arena *a = arena_new();
        const struct schema_field *field = make_field(a, def);
        const struct json *in = NULL;
        struct value value;

        if (cases[i].in && !json_read(a, str_of(cases[i].in), &json_limits_body, &in, NULL))
            fail_msg("%s: no JSON", cases[i].in);
        value = field->type->accept(a, field, in);
        if (cases[i].stored) {
            const char *stored = cell_show(a, field->type->store(a, field, &value));

            if (strcmp(stored, cases[i].stored) != 0)
                fail_msg("%s: stored as %s, not %s", cases[i].in, stored, cases[i].stored);
        }
        check_one(a, field, &value, &cases[i]);
    }
}

static inline void run_write(const char *def, const struct write_case *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        AUTO(arena_free) struct arena *a = arena_new();
        const struct schema_field *field = make_field(a, def);
        AUTO_BUF struct buf out;
        bool ok = !field->type->is_readable || field->type->is_readable(a, field, cases[i].cell);

        buf_init(&out, 1024 * 1024);
        field->type->write(a, &out, field, cases[i].cell);
        assert_true(json_valid(buf_str(&out), &json_limits_stored));
        if (ok != (cases[i].out != NULL))
            fail_msg("case %zu: %s", i, ok ? "can be read" : "cannot be read");
        if (ok && strcmp(out.p, cases[i].out) != 0)
            fail_msg("case %zu: written as %s, not %s", i, out.p, cases[i].out);
    }
}

#define ACCEPT(def, cases) run_accept((def), (cases), COUNT_OF(cases))
#define WRITE(def, cases) run_write((def), (cases), COUNT_OF(cases))

#endif
