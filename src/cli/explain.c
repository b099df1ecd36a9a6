/*
 * reeve explain METHOD URL [--as COLLECTION/ID]: what a request for records asks of the database.
 *
 * Here is what the question is and who asks; explain_ask.c asks it.
 */
#include "cli/explain.h"

#include "base/date.h"
#include "base/limits.h"
#include "cli/commands.h"
#include "http/router.h"

#include <stdio.h>

/* --- what can be asked ------------------------------------------------------------------------ */

#define RECORDS "/api/collections/{collection}/records"
#define RULE(member) offsetof(struct schema_col, member)

static const struct question questions[] = {
    {"GET", RECORDS, "listRule", RULE(list_rule), false, 0, explain_list},
    {"GET", RECORDS "/{id}", "viewRule", RULE(view_rule), false, 0, explain_view},
    {"POST", RECORDS, "createRule", RULE(create_rule), true, REC_CREATE, explain_create},
    {"PATCH", RECORDS "/{id}", "updateRule", RULE(update_rule), true, REC_UPDATE, explain_change},
    {"DELETE", RECORDS "/{id}", "deleteRule", RULE(delete_rule), true, REC_DELETE, explain_change},
};

static const struct question *find_question(struct explain *x)
{
    struct http_route routes[COUNT_OF(questions)];
    const struct http_route *found;

    for (size_t i = 0; i < COUNT_OF(questions); i++)
        routes[i] = (struct http_route){questions[i].method, questions[i].pattern, &questions[i]};
    found = router_match(router_new(x->a, routes, COUNT_OF(routes)), x->a, x->method, x->path,
                         x->params);
    return found ? found->data : NULL;
}

/* Where the path of a URL begins: behind its scheme and host, if it has them. */
static struct str skip_host(struct str url)
{
    const size_t scheme = str_find(str_sub(url, 0, str_find_byte(url, '?')), STR("://"));
    struct str rest;

    if (scheme >= str_find_byte(url, '?'))
        return url;
    rest = str_from(url, scheme + 3);
    return str_from(rest, str_find_byte(rest, '/'));
}

static struct err *read_question(struct explain *x, struct str method, struct str url)
{
    const size_t mark = str_find_byte(url = skip_host(url), '?');
    struct str query = str_from(url, mark + 1), plain;

    x->method = method;
    x->path = str_sub(url, 0, mark);
    if (req_decode(x->a, x->path, false, &plain))
        x->question = find_question(x);
    if (!x->question)
        return err_new(x->a, E_NOT_FOUND, NULL,
                       "explained are GET and POST of /api/collections/NAME/records, and GET, "
                       "PATCH and DELETE of /api/collections/NAME/records/ID");
    if (!req_pairs_fit(query, LIMIT_QUERY_PARAMS))
        return err_new(x->a, E_BAD_REQUEST, NULL, "the URL has more than %d parameters",
                       LIMIT_QUERY_PARAMS);
    (void)req_parse_pairs(x->a, query, &x->query); /* broken ones are dropped, as the server does */
    return NULL;
}

/* --- who asks --------------------------------------------------------------------------------- */

/* as: "COLLECTION/ID", or empty: a guest. *ret NULL then. */
static struct err *find_auth(const struct explain *x, struct str as, struct rec **ret)
{
    struct err *err;

    *ret = NULL;
    if (as.n == 0)
        return NULL;
    err = rec_find_caller(x->a, x->inspect.conn, x->inspect.schema, as, ret);
    if (!err && !*ret)
        err = err_new(x->a, E_NOT_FOUND, NULL, "--as: there is no record \"%.*s\" to log in as",
                      STR_ARG(as));
    return err;
}

static struct err *identify(struct explain *x, struct str as)
{
    struct query_pair *pairs = ARENA_ARRAY(x->a, struct query_pair, x->query.n);
    struct rec *auth;
    struct err *err = find_auth(x, as, &auth);

    for (size_t i = 0; i < x->query.n; i++)
        pairs[i] = (struct query_pair){x->query.items[i].name, x->query.items[i].value};
    x->actor = (struct rec_actor){
        .scope = {.schema = x->inspect.schema, .now_ms = date_now_ms()},
        .request = {.context = STR("default"),
                    .method = x->method,
                    .query = pairs,
                    .n_query = x->query.n},
    };
    rec_actor_set_auth(x->a, &x->actor, auth);
    return err;
}

static struct str who(const struct explain *x)
{
    if (!x->actor.auth)
        return STR("guest");
    return arena_printf(x->a, "%.*s/%.*s%s", STR_ARG(x->actor.auth->col->name),
                        STR_ARG(rec_id(x->actor.auth)), x->actor.superuser ? ", a superuser" : "");
}

/* --- what is said before anything runs -------------------------------------------------------- */

static struct str rule_words(const struct explain *x)
{
    const char *name = x->question->rule_name;
    const char *skipped = x->actor.superuser ? " (not asked: a superuser)" : "";

    if (!x->rule->set)
        return arena_printf(x->a, "%s: superusers only", name);
    if (x->rule->text.n == 0)
        return arena_printf(x->a, "%s: public", name);
    return arena_printf(x->a, "%s: %.*s%s", name, STR_ARG(x->rule->text), skipped);
}

static void print_request(struct explain *x)
{
    static const char *const shown[] = {"filter", "sort", "expand"};

    explain_print_fact(x->out, "request",
                       arena_printf(x->a, "%.*s %.*s", STR_ARG(x->method), STR_ARG(x->path)));
    explain_print_fact(x->out, "who", who(x));
    explain_print_fact(x->out, "rule", rule_words(x));
    for (size_t i = 0; i < COUNT_OF(shown); i++)
        if (explain_parameter(x, str_of(shown[i])).n > 0)
            explain_print_fact(x->out, shown[i], explain_parameter(x, str_of(shown[i])));
    if (str_has(x->rule->text, STR("@request.headers")) ||
        (x->question->writes && str_has(x->rule->text, STR("@request.body"))))
        explain_print_fact(x->out, "note", STR("@request.headers and @request.body are empty"));
}

/* --- the command ------------------------------------------------------------------------------ */

static struct err *answer_question(struct explain *x, struct str as)
{
    struct err *err;

    x->col = schema_find(x->inspect.schema, x->params[0]);
    if (!x->col)
        return err_new(x->a, E_NOT_FOUND, "Missing collection context.",
                       "there is no collection \"%.*s\"", STR_ARG(x->params[0]));
    x->rule =
        (const struct schema_rule *)(const void *)((const char *)x->col + x->question->rule_at);
    err = identify(x, as);
    if (err)
        return err;
    print_request(x);
    return x->question->answer(x);
}

/* As a client gets it, and what only we know. */
static int fail_request(const struct err *err)
{
    return command_fail("%d %s (%.*s)", err_status(err), err->message, STR_ARG(err->cause));
}

static int explain(struct explain *x, const struct options *options)
{
    struct err *err = read_question(x, options->words[1], options->words[2]);

    if (!err)
        err = inspect_open(x->a, options, &x->inspect);
    if (err)
        return command_fail_err(err);
    err = answer_question(x, options->as);
    if (fwrite(x->out->p, 1, x->out->n, stdout) != x->out->n || fflush(stdout) != 0)
        return command_fail("the explanation could not be written");
    return err ? fail_request(err) : 0;
}

int command_explain(struct arena *a, const struct options *options)
{
    AUTO_BUF struct buf out;
    struct explain x = {.a = a, .out = &out};
    int code;

    buf_init(&out, LIMIT_RESPONSE_BYTES);
    if (options->n_words != 3)
        return command_fail("usage: %.*s explain METHOD URL [--as COLLECTION/ID]",
                            STR_ARG(options->exe));
    code = explain(&x, options);
    inspect_close(&x.inspect);
    return code;
}
