/*
 * The server with listeners for tests: serve FLAGS, as the program has them.
 *
 * They hear every stage of every event of the collections `watched`, `child`, `loose` and `member`,
 * and print a line for each, "heard KIND STAGE COLLECTION TITLE OLD NOW". What else they do is said
 * by the record's title, "STAGE:WHAT" (one of the table below), wherever that stage comes.
 *
 * Of collections, those are heard whose name begins with c_, u_ or d_ (whatever happens to it) and
 * imports: "heard KIND STAGE NAME OLD NOW". c_STAGE_WHAT says what is done when it is created, u_
 * when it is updated, d_ when it is deleted. An import does what i_STAGE_WHAT says, the name of
 * the first that is sent.
 */
#include "base/buf.h"
#include "base/compiler.h"
#include "cli/commands.h"
#include "events/events.h"
#include "records/records.h"
#include "schema/define.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SLEEP_S 3
#define MOST_N 50
#define TEXT_MAX ((size_t)64 * 1024)

static const char *const stages[] = {
    [EVENT_REQUEST] = "request", [EVENT_SAVE] = "save",   [EVENT_VALIDATE] = "validate",
    [EVENT_EXECUTE] = "execute", [EVENT_WRITE] = "write", [EVENT_COMMITTED] = "committed",
    [EVENT_FAILED] = "failed",
};

/* --- what they do ------------------------------------------------------------------------------
 */

static struct err *throw(struct event * event)
{
    return err_new(event->a, E_BAD_REQUEST, "Thrown.", "thrown by a listener");
}

static struct err *throw_after(struct event *event)
{
    struct err *err = event_next(event);

    return err ? err : throw(event);
}

static struct err *stop(struct event *event)
{
    (void)event;
    return NULL;
}

/* Kinds that mean to begin anew, where they come from elsewhere. */
static struct err *stale(struct event *event)
{
    return err_new(event->a, E_STALE, NULL, "stale, says a listener");
}

static struct err *over(struct event *event)
{
    return err_new(event->a, E_OVER_BUDGET, NULL, "over budget, says a listener");
}

static struct err *item(struct event *event)
{
    struct err *err = NULL;

    err_add_item(event->a, &err, STR("title"), CODE_INVALID, STR_NONE);
    return err;
}

static struct err *change(struct event *event)
{
    const struct rec_event *data = event->data;
    const struct schema_field *field = schema_field(data->col, STR("title"));

    data->values[field->at].text = arena_printf(event->a, "by %s", stages[event->stage]);
    data->values[field->at].pattern = PATTERN_NOT_ASKED;
    field = schema_field(data->col, STR("n"));
    if (field && data->values[field->at].number > MOST_N)
        data->values[field->at].number = MOST_N; /* what is wrong with it is mended */
    return event_next(event);
}

static struct err *empty(struct event *event)
{
    const struct rec_event *data = event->data;

    data->values[schema_field(data->col, STR("file"))->at].list.n = 0;
    return event_next(event);
}

static struct err *move(struct event *event)
{
    const struct rec_event *data = event->data;

    data->values[data->col->id_field->at].text = STR("another00000000");
    return event_next(event);
}

static struct err *rest(struct event *event)
{
    (void)sleep(SLEEP_S);
    return event_next(event);
}

static const struct {
    const char *name;
    struct err *(*run)(struct event *event);
} deeds[] = {
    {"throw", throw}, {"after", throw_after}, {"stop", stop}, {"change", change}, {"item", item},
    {"sleep", rest},  {"stale", stale},       {"over", over}, {"empty", empty},   {"move", move},
};

/* --- hearing -----------------------------------------------------------------------------------
 */

static struct str title_in(const struct rec_event *data, const struct rec *rec)
{
    const struct schema_field *field = schema_field(data->col, STR("title"));

    return rec ? rec->cells[field->at].s : STR("-");
}

static struct str title_of(const struct rec_event *data)
{
    const struct schema_field *field = schema_field(data->col, STR("title"));

    if (data->values)
        return data->values[field->at].text;
    return title_in(data, data->now ? data->now : data->old);
}

static struct err *hear(struct event *event, void *user)
{
    const struct rec_event *data = event->data;
    struct str title = title_of(data);
    struct str rest_of = title;
    struct str stage = str_split(&rest_of, ':');

    (void)user;
    printf("heard %s %s %.*s %.*s %.*s %.*s\n", event_names[event->kind], stages[event->stage],
           STR_ARG(data->col->name), STR_ARG(title), STR_ARG(title_in(data, data->old)),
           STR_ARG(title_in(data, data->now)));
    (void)fflush(stdout);
    for (size_t i = 0; i < COUNT_OF(deeds); i++)
        if (str_eq(stage, str_of(stages[event->stage])) && str_eq(rest_of, str_of(deeds[i].name)))
            return deeds[i].run(event);
    return event_next(event);
}

/* --- collections -------------------------------------------------------------------------------
 */

/* A field more, and a rule that nothing is wrong with. */
static struct err *change_collection(struct event *event)
{
    const struct schema_event *data = event->data;
    const struct json *body;
    struct str fields, why;
    struct buf out;

    buf_init(&out, TEXT_MAX);
    schema_write_fields(&out, data->def);
    fields = arena_dup(event->a, buf_str(&out));
    buf_done(&out);
    fields = str_sub(fields, 0, fields.n - 1);
    if (!json_read(
            event->a,
            arena_printf(event->a, "{\"fields\":%.*s%s{\"name\":\"by_%s\",\"type\":\"text\"}]}",
                         STR_ARG(fields), data->def->fields.n ? "," : "", stages[event->stage]),
            &json_limits_stored, &body, NULL) ||
        !schema_def_merge(event->a, data->def, body, &why))
        return err_new(event->a, E_INTERNAL, NULL, "no field");
    data->def->rules[RULE_LIST] = (struct schema_rule){true, STR("id != ''")};
    return event_next(event);
}

static struct err *rename_collection(struct event *event)
{
    const struct schema_event *data = event->data;

    data->def->name = arena_printf(event->a, "u_by_%s", stages[event->stage]);
    return event_next(event);
}

/* One more, and the first one by another name. */
static struct err *change_import(struct event *event)
{
    struct schema_import_event *data = event->data;

    if (!json_read(event->a, STR("[{\"name\":\"c_other\",\"type\":\"base\"}]"), &json_limits_stored,
                   &data->collections, NULL))
        return err_new(event->a, E_INTERNAL, NULL, "no list");
    return event_next(event);
}

static struct err *spoil_import(struct event *event)
{
    struct schema_import_event *data = event->data;

    data->collections = NULL;
    return event_next(event);
}

static const struct {
    const char *name;
    struct err *(*run)(struct event *event);
} collection_deeds[] = {
    {"throw", throw},
    {"after", throw_after},
    {"stop", stop},
    {"change", change_collection},
    {"rename", rename_collection},
    {"item", item},
    {"sleep", rest},
    {"stale", stale},
    {"over", over},
    {"replace", change_import},
    {"spoil", spoil_import},
};

/* As PREFIX_STAGE_WHAT says. */
static struct err *do_as_named(struct event *event, char prefix, struct str name)
{
    struct str what = name;
    struct str first = str_split(&what, '_');
    struct str stage = str_split(&what, '_');

    for (size_t i = 0; i < COUNT_OF(collection_deeds); i++)
        if (first.n == 1 && first.p[0] == prefix && str_eq(stage, str_of(stages[event->stage])) &&
            str_eq(what, str_of(collection_deeds[i].name)))
            return collection_deeds[i].run(event);
    return event_next(event);
}

static struct err *hear_collection(struct event *event, void *user)
{
    static const char prefixes[] = {[EVENT_COLLECTION_CREATE] = 'c',
                                    [EVENT_COLLECTION_UPDATE] = 'u',
                                    [EVENT_COLLECTION_DELETE] = 'd'};
    const struct schema_event *data = event->data;
    struct str name = data->def ? data->def->name : data->old->name;

    (void)user;
    if (name.n < 2 || name.p[1] != '_' || name.p[0] == '_')
        return event_next(event);
    printf("heard %s %s %.*s %.*s %.*s%s\n", event_names[event->kind], stages[event->stage],
           STR_ARG(name), STR_ARG(data->old ? data->old->name : STR("-")),
           STR_ARG(data->now ? data->now->name : STR("-")), data->failed ? " failed" : "");
    (void)fflush(stdout);
    return do_as_named(event, prefixes[event->kind], name);
}

static struct err *hear_import(struct event *event, void *user)
{
    const struct schema_import_event *data = event->data;
    const struct json *name = json_get(&data->collections->items[0], STR("name"));

    (void)user;
    printf("heard %s %s %u %d\n", event_names[event->kind], stages[event->stage],
           data->collections->n, data->delete_missing);
    (void)fflush(stdout);
    return do_as_named(event, 'i', name && name->type == JSON_TEXT ? name->text : STR(""));
}

static struct err *(*const hearers[EVENT_KINDS])(struct event *event, void *user) = {
    [EVENT_RECORD_CREATE] = hear,
    [EVENT_RECORD_UPDATE] = hear,
    [EVENT_RECORD_DELETE] = hear,
    [EVENT_COLLECTION_CREATE] = hear_collection,
    [EVENT_COLLECTION_UPDATE] = hear_collection,
    [EVENT_COLLECTION_DELETE] = hear_collection,
    [EVENT_COLLECTIONS_IMPORT] = hear_import,
};

static struct events *listeners(struct arena *a)
{
    static const struct str tags[] = {STR_INIT("watched"), STR_INIT("child"), STR_INIT("loose"),
                                      STR_INIT("member")};
    struct events *events = events_new(a);

    for (enum event_kind kind = 0; kind < EVENT_KINDS; kind++)
        for (enum event_stage stage = 0; stage < EVENT_STAGES; stage++) {
            const struct event_listener listener = {.kind = kind,
                                                    .stage = stage,
                                                    .tags = tags,
                                                    .n_tags =
                                                        hearers[kind] == hear ? COUNT_OF(tags) : 0,
                                                    .hear = hearers[kind]};

            events_add(events, &listener);
        }
    return events;
}

int main(int argc, char **argv)
{
    AUTO(arena_free) struct arena *a = arena_new();
    struct options options;
    struct str why = STR_NONE;

    signal(SIGPIPE, SIG_IGN);
    if (!options_parse(a, argc, argv, &options, &why) || options.n_words == 0)
        return command_fail("serve FLAGS: %.*s", STR_ARG(why));
    options.events = listeners(a);
    return str_eq(options.words[0], STR("superuser")) ? command_superuser(a, &options)
                                                      : command_serve(a, &options);
}
