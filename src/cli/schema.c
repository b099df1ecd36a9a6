/*
 * reeve schema [NAME ...]: collections as PUT /api/collections/import takes them.
 */
#include "cli/commands.h"
#include "cli/inspect.h"

#include "base/buf.h"
#include "base/limits.h"
#include "schema/define.h"

#include <stdio.h>

#define INDENT 2

/* --- JSON that people read and compare line by line ------------------------------------------ */

static void new_line(struct buf *out, size_t depth)
{
    buf_add_byte(out, '\n');
    for (size_t i = 0; i < depth * INDENT; i++)
        buf_add_byte(out, ' ');
}

/* Where the text that begins with a quote ends. */
static size_t text_length(struct str json)
{
    size_t i = 1;

    while (i < json.n && json.p[i] != '"')
        i += json.p[i] == '\\' ? 2 : 1;
    return i + 1;
}

/* json: valid, without white space. */
static void write_pretty(struct buf *out, struct str json)
{
    size_t depth = 0;

    while (json.n > 0) {
        const char c = json.p[0];
        const bool opens = c == '{' || c == '[', closes = c == '}' || c == ']';
        const bool is_empty = opens && json.n > 1 && (json.p[1] == '}' || json.p[1] == ']');
        const size_t n = is_empty ? 2 : c == '"' ? text_length(json) : 1;

        if (closes)
            new_line(out, --depth);
        buf_add(out, str_sub(json, 0, n));
        if (opens && !is_empty)
            new_line(out, ++depth);
        else if (c == ',')
            new_line(out, depth);
        else if (c == ':')
            buf_add_byte(out, ' ');
        json = str_from(json, n);
    }
    buf_add_byte(out, '\n');
}

/* --- the collections ------------------------------------------------------------------------- */

/* NULL, or the first name that no collection has. */
static const struct str *find_unknown(const struct schema *schema, const struct str_list *names)
{
    for (size_t i = 0; i < names->n; i++)
        if (!schema_find(schema, names->items[i]))
            return &names->items[i];
    return NULL;
}

/* No names: all are. */
static bool is_named(const struct schema *schema, const struct schema_col *col,
                     const struct str_list *names)
{
    for (size_t i = 0; i < names->n; i++)
        if (schema_find(schema, names->items[i]) == col)
            return true;
    return names->n == 0;
}

static void write_collections(struct arena *a, struct buf *out, const struct schema *schema,
                              const struct str_list *names)
{
    bool is_first = true;

    BUF_ADD(out, "{\"collections\":[");
    for (size_t i = 0; i < schema->n_cols; i++) {
        if (!is_named(schema, schema->cols[i], names))
            continue;
        if (!is_first)
            BUF_ADD(out, ",");
        is_first = false;
        schema_write_def(out, schema_def_of(a, schema->cols[i]));
    }
    BUF_ADD(out, "]}");
}

static int print_collections(struct arena *a, const struct schema *schema,
                             const struct str_list *names)
{
    const struct str *unknown = find_unknown(schema, names);
    AUTO_BUF struct buf compact;
    AUTO_BUF struct buf pretty;

    buf_init(&compact, LIMIT_RESPONSE_BYTES);
    buf_init(&pretty, LIMIT_RESPONSE_BYTES);
    if (unknown)
        return command_fail("there is no collection \"%.*s\"", STR_ARG(*unknown));
    write_collections(a, &compact, schema, names);
    write_pretty(&pretty, buf_str(&compact));
    if (compact.full || pretty.full)
        return command_fail("the collections take more than %llu bytes", LIMIT_RESPONSE_BYTES);
    if (fwrite(pretty.p, 1, pretty.n, stdout) != pretty.n || fflush(stdout) != 0)
        return command_fail("the collections could not be written");
    return 0;
}

int command_schema(struct arena *a, const struct options *options)
{
    const struct str_list names = {options->words + 1, options->n_words - 1};
    struct inspect inspect;
    struct err *err = inspect_open(a, options, &inspect);
    int code = err ? command_fail_err(err) : print_collections(a, inspect.schema, &names);

    inspect_close(&inspect);
    return code;
}
