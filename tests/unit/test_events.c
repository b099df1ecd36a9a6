/*
 * Chains of listeners: their order, tags, and what a listener that stops or fails means.
 */
#include "unit/unit.h"

#include "events/events.h"

#include <string.h>

struct env {
    struct arena *a;
    struct events *events;
    char told[256];
};

static struct env env;

static int setup(void **state)
{
    (void)state;
    memset(&env, 0, sizeof(env));
    env.a = arena_new();
    env.events = events_new(env.a);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(env.a);
    return 0;
}

static void tell(const char *word)
{
    assert_true(strlen(env.told) + strlen(word) + 2 < sizeof(env.told));
    strcat(env.told, word);
    strcat(env.told, " ");
}

static struct err *around(struct event *event, void *user)
{
    struct err *err;

    tell(user);
    err = event_next(event);
    tell(err ? "!" : user);
    return err;
}

static struct err *stops(struct event *event, void *user)
{
    (void)event;
    tell(user);
    return NULL;
}

static struct err *twice(struct event *event, void *user)
{
    struct err *err = event_next(event);

    tell(user);
    return err ? err : event_next(event);
}

static struct err *fails(struct event *event, void *user)
{
    tell(user);
    return err_new(event->a, E_BAD_REQUEST, NULL, "on purpose");
}

static struct err *act(struct event *event)
{
    (void)event;
    tell("act");
    return NULL;
}

static void listen(struct err *(*hear)(struct event *event, void *user), const char *name,
                   int priority, const struct str *tag)
{
    const struct event_listener listener = {.kind = EVENT_RECORD_CREATE,
                                            .stage = EVENT_SAVE,
                                            .priority = priority,
                                            .tags = tag,
                                            .n_tags = tag ? 1 : 0,
                                            .hear = hear,
                                            .user = (void *)(uintptr_t)name};

    events_add(env.events, &listener);
}

static struct event event_about(const char *name)
{
    return (struct event){.kind = EVENT_RECORD_CREATE,
                          .stage = EVENT_SAVE,
                          .tags = {str_of(name), STR("c1")},
                          .a = env.a,
                          .action = act};
}

static void told(struct event event, const char *expected, bool ok, bool acted)
{
    struct err *err = events_raise(env.events, &event);

    assert_string_equal(env.told, expected);
    assert_int_equal(err == NULL, ok);
    assert_int_equal(event.has_acted, acted);
    env.told[0] = '\0';
}

static void nobody_listens(void **state)
{
    const struct event_tags tags = {STR("posts"), STR("c1")};
    struct event event = event_about("posts");

    (void)state;
    assert_false(events_hear(env.events, EVENT_RECORD_CREATE, EVENT_STAGE(EVENT_SAVE), &tags));
    assert_false(events_hear(NULL, EVENT_RECORD_CREATE, EVENT_STAGE(EVENT_SAVE), &tags));
    assert_false(events_hear(NULL, EVENT_RECORD_CREATE, EVENT_ANY_STAGE, &tags));
    told(event, "act ", true, true);
    assert_null(events_raise(NULL, &event));
    assert_true(event.has_acted);
}

static void they_go_round_what_happens(void **state)
{
    (void)state;
    listen(around, "b", 0, NULL);
    listen(around, "c", 0, NULL);
    listen(around, "a", -1, NULL);
    told(event_about("posts"), "a b c act c b a ", true, true);
}

static void tags_choose(void **state)
{
    static const struct str posts = STR_INIT("posts"), id = STR_INIT("c1"), other = STR_INIT("x");
    const struct event_tags none = {STR("pages"), STR("c2")};

    (void)state;
    listen(around, "other", 0, &other);
    listen(around, "id", 0, &id);
    listen(around, "name", 0, &posts);
    told(event_about("posts"), "id name act name id ", true, true);
    told(event_about("pages"), "id act id ", true, true);
    assert_false(events_hear(env.events, EVENT_RECORD_CREATE, EVENT_STAGE(EVENT_SAVE), &none));
    assert_false(events_hear(env.events, EVENT_RECORD_UPDATE, EVENT_STAGE(EVENT_SAVE), &none));
    assert_false(events_hear(env.events, EVENT_RECORD_CREATE, EVENT_ANY_STAGE, &none));
}

static void who_stops_ends_it(void **state)
{
    (void)state;
    listen(around, "a", 0, NULL);
    listen(stops, "stop", 0, NULL);
    listen(around, "b", 0, NULL);
    told(event_about("posts"), "a stop a ", true, false);
}

static void an_error_goes_out(void **state)
{
    (void)state;
    listen(around, "a", 0, NULL);
    listen(fails, "fail", 0, NULL);
    listen(around, "b", 0, NULL);
    told(event_about("posts"), "a fail ! ", false, false);
}

static void twice_is_once(void **state)
{
    (void)state;
    listen(twice, "t", 0, NULL);
    listen(stops, "stop", 0, NULL);
    listen(around, "b", 0, NULL);
    told(event_about("posts"), "stop t ", true, false);
}

static void every_event_has_a_name(void **state)
{
    (void)state;
    for (enum event_kind kind = 0; kind < EVENT_KINDS; kind++)
        for (enum event_kind other = 0; other < kind; other++)
            assert_string_not_equal(event_names[kind], event_names[other]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nobody_listens, setup, teardown),
        cmocka_unit_test_setup_teardown(they_go_round_what_happens, setup, teardown),
        cmocka_unit_test_setup_teardown(tags_choose, setup, teardown),
        cmocka_unit_test_setup_teardown(who_stops_ends_it, setup, teardown),
        cmocka_unit_test_setup_teardown(an_error_goes_out, setup, teardown),
        cmocka_unit_test_setup_teardown(twice_is_once, setup, teardown),
        cmocka_unit_test(every_event_has_a_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
