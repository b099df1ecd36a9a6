/*
 * Answers that are read as they come, and many requests at once.
 */
#include "unit/unit.h"

#include "net/reader.h"

#define BIG 50000000

static struct net_request big(const struct net_site *site)
{
    return (struct net_request){.method = STR("GET"), .url = site_url(site, "/big?50000000")};
}

static void events_come_in_order(void **state)
{
    struct net_site site = net_site();
    struct net_request request = site_get(&site, "/chunked");
    struct reader reader;

    (void)state;
    reader_begin(&reader, &site, &request);
    reader_wait(&reader);
    assert_int_equal(reader.n_heads, 1);
    assert_int_equal(reader.status, 200);
    assert_int_equal(reader.n_bytes, 11);
    assert_int_equal(reader.kind, READER_WHOLE);
    net_fetch_resume(reader.fetch); /* nothing happens any more */
    net_fetch_end(reader.fetch);
    reader_done(&reader);
    net_site_done(&site);
}

static void a_head_comes_before_its_body(void **state)
{
    struct net_site site = net_site();
    struct net_request request = site_get(&site, "/half");
    struct reader reader;

    (void)state;
    reader_begin(&reader, &site, &request);
    reader_wait_bytes(&reader, 4);
    assert_int_equal(reader.n_heads, 1);
    net_fetch_end(reader.fetch);
    reader_wait(&reader);
    assert_int_equal(reader.kind, E_GONE);
    reader_done(&reader);
    net_site_done(&site);
}

/* While it pauses, what the server can send is what the sockets hold. */
static void a_reader_that_pauses_holds_up_the_server(void **state)
{
    struct net_site site = net_site();
    struct net_request request = big(&site);
    struct reader reader;
    uint64_t sent = 1;
    uint64_t before = 0;

    (void)state;
    request.idle_ms = 100; /* stands still meanwhile */
    reader_init(&reader);
    reader.allowed = 1000000;
    reader_begin_with(&reader, &site, &request);
    reader_wait_pause(&reader);
    while (sent != before) { /* until the sockets are full */
        before = sent;
        (void)usleep(200000);
        sent = atomic_load(&site.server->n_sent);
    }
    assert_true(reader.n_bytes <= 1000000);
    assert_true(sent < BIG / 2);
    reader_allow(&reader, UINT64_MAX);
    reader_wait(&reader);
    assert_int_equal(reader.kind, READER_WHOLE);
    assert_int_equal(reader.n_bytes, BIG);
    reader_done(&reader);
    net_site_done(&site);
}

static void many_pauses_lose_nothing(void **state)
{
    struct net_site site = net_site();
    struct net_request request = big(&site);
    struct reader reader;

    (void)state;
    reader_init(&reader);
    reader.allowed = 1;
    reader_begin_with(&reader, &site, &request);
    for (uint64_t allowed = 1; allowed < BIG; allowed += 100000) {
        reader_wait_pause(&reader);
        reader_allow(&reader, allowed);
    }
    reader_allow(&reader, UINT64_MAX);
    reader_wait(&reader);
    assert_int_equal(reader.kind, READER_WHOLE);
    assert_int_equal(reader.n_bytes, BIG);
    reader_done(&reader);
    net_site_done(&site);
}

static void one_that_pauses_can_be_ended(void **state)
{
    static const char *const paths[] = {"/big?50000000", "/big?10"};
    struct net_site site = net_site();

    (void)state;
    for (size_t i = 0; i < COUNT_OF(paths); i++) {
        struct net_request request = site_get(&site, paths[i]);
        struct reader reader;

        reader_init(&reader);
        reader.allowed = 0;
        request.total_ms = i == 0 ? 0 : 300;
        reader_begin_with(&reader, &site, &request);
        reader_wait_pause(&reader);
        if (i == 0)
            net_fetch_free(TAKE(reader.fetch)); /* who leaves still hears of the end */
        reader_wait(&reader);
        assert_int_equal(reader.kind, i == 0 ? E_GONE : E_UNAVAILABLE);
        reader_done(&reader);
    }
    net_site_done(&site);
}

/* Also where it is said when what has paused comes again. */
static void data_may_say_that_it_is_enough(void **state)
{
    struct net_site site = net_site();
    struct net_request request = big(&site);
    struct reader reader;

    (void)state;
    for (int i = 0; i < 2; i++) {
        reader_init(&reader);
        reader.allowed = i == 0 ? UINT64_MAX : 100000;
        reader.enough = 200000;
        reader_begin_with(&reader, &site, &request);
        if (i == 1) {
            reader_wait_pause(&reader);
            (void)pthread_mutex_lock(&reader.lock);
            reader.enough = 1;
            (void)pthread_mutex_unlock(&reader.lock);
            reader_allow(&reader, UINT64_MAX);
        }
        reader_wait(&reader);
        assert_int_equal(reader.kind, E_GONE);
        reader_done(&reader);
    }
    net_site_done(&site);
}

static void the_end_of_net_is_the_end_of_all(void **state)
{
    static const char *const paths[] = {"/silent", "/half", "/drip", "/big?50000000"};
    struct net_site site = net_site_new((struct net_bounds){20, 20, 100, 0});
    struct reader readers[30];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(readers); i++) {
        struct net_request request = site_get(&site, paths[i % COUNT_OF(paths)]);

        reader_init(&readers[i]);
        readers[i].allowed = 5;
        reader_begin_with(&readers[i], &site, &request);
    }
    reader_wait_bytes(&readers[1], 4);
    net_free(TAKE(site.net));
    for (size_t i = 0; i < COUNT_OF(readers); i++) {
        assert_int_equal(readers[i].kind, E_UNAVAILABLE);
        net_fetch_resume(readers[i].fetch);
        reader_done(&readers[i]);
    }
    net_site_done(&site);
}

/* --- bounds ---------------------------------------------------------------------------------- */

static void so_many_run_and_so_many_wait(void **state)
{
    struct net_site site = net_site_new((struct net_bounds){3, 2, 4, 0});
    struct net_site other = net_site();
    struct net_request silent = site_get(&site, "/silent");
    struct net_request quick = site_get(&other, "/echo");
    struct reader readers[6];
    struct net_answer answer;
    struct net_fetch *fetch;
    struct err *err;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        silent.url = site_url(&site, "/half");
        reader_begin(&readers[i], &site, &silent);
        reader_wait_bytes(&readers[i], 4); /* so it is in no queue any more */
    }
    silent.url = site_url(&site, "/echo");
    silent.idle_ms = 300;
    for (size_t i = 2; i < 6; i++)
        reader_begin(&readers[i], &site, &silent);
    err = net_fetch(site.a, site.net, &silent, &reader_events, NULL, &fetch);
    assert_non_null(err);
    assert_int_equal(err->kind, E_UNAVAILABLE);
    assert_null(fetch);
    reader_wait(&readers[2]);
    assert_int_equal(readers[2].kind, E_UNAVAILABLE);
    assert_true(str_has(str_of(readers[2].cause), STR("turn")));
    for (size_t i = 3; i < 6; i++)
        reader_wait(&readers[i]);
    /* one more runs, but not of that host */
    assert_null(net_call(site.a, site.net, &quick, &answer));
    silent.idle_ms = 0;
    net_fetch_end(readers[0].fetch);
    assert_null(net_call(site.a, site.net, &silent, &answer));
    for (size_t i = 0; i < 6; i++)
        reader_done_after_end(&readers[i]);
    net_site_done(&site);
    net_site_done(&other);
}

static void what_waits_is_carried_out_in_the_end(void **state)
{
    struct net_site site = net_site_new((struct net_bounds){4, 4, 200, 0});
    struct net_request request = site_get(&site, "/echo");
    struct reader readers[200];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(readers); i++)
        reader_begin(&readers[i], &site, &request);
    for (size_t i = 0; i < COUNT_OF(readers); i++) {
        reader_wait(&readers[i]);
        assert_int_equal(readers[i].kind, READER_WHOLE);
        reader_done(&readers[i]);
    }
    assert_true(atomic_load(&site.server->n_connections) <= 4);
    net_site_done(&site);
}

/* Readers that have done nothing wrong but to be many do not keep a call waiting, nor from waiting.
 */
static void some_places_are_kept_for_calls(void **state)
{
    struct net_site site = net_site_new((struct net_bounds){4, 4, 4, 2});
    struct net_request half = site_get(&site, "/half");
    struct net_request echo = site_get(&site, "/echo");
    struct reader readers[4];
    struct net_answer answer;
    struct net_fetch *fetch;
    struct err *err;

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        reader_begin(&readers[i], &site, &half);
        if (i < 2)
            reader_wait_bytes(&readers[i], 4);
    }
    err = net_fetch(site.a, site.net, &half, &reader_events, NULL, &fetch);
    assert_non_null(err);
    assert_int_equal(err->kind, E_UNAVAILABLE);
    assert_null(net_call(site.a, site.net, &echo, &answer));
    assert_int_equal(readers[2].n_heads + readers[3].n_heads, 0);
    net_fetch_end(readers[0].fetch);
    reader_wait_bytes(&readers[2], 4);
    for (size_t i = 0; i < 4; i++)
        reader_done_after_end(&readers[i]);
    net_site_done(&site);
}

/* --- ends that come early -------------------------------------------------------------------- */

static void who_pauses_for_too_long_makes_room(void **state)
{
    struct net_site site = net_site_new((struct net_bounds){1, 1, 8, 0});
    struct net_request request = big(&site);
    struct net_request next = site_get(&site, "/echo");
    struct reader readers[2];

    (void)state;
    request.pause_ms = 200;
    reader_init(&readers[0]);
    readers[0].allowed = 100000;
    reader_begin_with(&readers[0], &site, &request);
    reader_begin(&readers[1], &site, &next);
    for (uint64_t allowed = 200000; allowed <= 600000; allowed += 100000) {
        reader_wait_pause(&readers[0]);
        (void)usleep(60000); /* five of them are too long together */
        reader_allow(&readers[0], allowed);
    }
    assert_int_equal(readers[1].n_heads, 0);
    reader_wait(&readers[0]);
    assert_int_equal(readers[0].kind, E_GONE);
    assert_true(readers[0].n_bytes > 500000);
    reader_wait(&readers[1]);
    assert_int_equal(readers[1].kind, READER_WHOLE);
    reader_done(&readers[0]);
    reader_done(&readers[1]);
    net_site_done(&site);
}

static void who_has_gone_is_fetched_nothing(void **state)
{
    struct net_site site = net_site();
    struct net_request request = site_get(&site, "/half");
    struct reader readers[2];
    atomic_bool gone = false;

    (void)state;
    request.gone = &gone;
    for (size_t i = 0; i < 2; i++) {
        reader_begin(&readers[i], &site, &request);
        reader_wait_bytes(&readers[i], 4);
    }
    net_fetch_unwatch(readers[1].fetch);
    atomic_store(&gone, true);
    reader_wait(&readers[0]);
    assert_int_equal(readers[0].kind, E_GONE);
    (void)usleep(100000);
    assert_int_equal(readers[1].kind, READER_RUNS);
    reader_done(&readers[0]);
    reader_done_after_end(&readers[1]);
    net_site_done(&site);
}

static void a_stop_may_leave_what_writes(void **state)
{
    struct net_site site = net_site();
    struct net_request reads = site_get(&site, "/half");
    struct net_request writes = site_get(&site, "/half");
    struct net_request echo = site_get(&site, "/echo");
    struct reader readers[2];
    struct net_answer answer;
    struct err *err;

    (void)state;
    reads.droppable = true;
    reader_begin(&readers[0], &site, &reads);
    reader_begin(&readers[1], &site, &writes);
    reader_wait_bytes(&readers[1], 4);
    net_stop(site.net, NET_STOP_READS);
    reader_wait(&readers[0]);
    assert_int_equal(readers[0].kind, E_UNAVAILABLE);
    assert_true(str_has(str_of(readers[0].cause), STR("stopping")));
    assert_null(net_call(site.a, site.net, &echo, &answer));
    echo.droppable = true;
    err = net_call(site.a, site.net, &echo, &answer);
    assert_non_null(err);
    assert_int_equal(err->kind, E_UNAVAILABLE);
    assert_int_equal(readers[1].kind, READER_RUNS);
    net_stop(site.net, NET_STOP_ALL);
    net_stop(site.net, NET_STOP_READS); /* takes nothing back */
    reader_wait(&readers[1]);
    assert_int_equal(readers[1].kind, E_UNAVAILABLE);
    echo.droppable = false;
    assert_non_null(net_call(site.a, site.net, &echo, &answer));
    reader_done(&readers[0]);
    reader_done(&readers[1]);
    net_site_done(&site);
}

static void what_was_stopped_before_it_began_stays_so(void **state)
{
    struct net_site site = net_site();
    struct net_request echo = site_get(&site, "/echo");
    struct net_answer answer;

    (void)state;
    net_stop(site.net, NET_STOP_READS);
    assert_null(net_call(site.a, site.net, &echo, &answer));
    echo.droppable = true;
    assert_non_null(net_call(site.a, site.net, &echo, &answer));
    net_site_done(&site);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_come_in_order),
        cmocka_unit_test(a_head_comes_before_its_body),
        cmocka_unit_test(a_reader_that_pauses_holds_up_the_server),
        cmocka_unit_test(many_pauses_lose_nothing),
        cmocka_unit_test(one_that_pauses_can_be_ended),
        cmocka_unit_test(data_may_say_that_it_is_enough),
        cmocka_unit_test(the_end_of_net_is_the_end_of_all),
        cmocka_unit_test(so_many_run_and_so_many_wait),
        cmocka_unit_test(what_waits_is_carried_out_in_the_end),
        cmocka_unit_test(some_places_are_kept_for_calls),
        cmocka_unit_test(who_pauses_for_too_long_makes_room),
        cmocka_unit_test(who_has_gone_is_fetched_nothing),
        cmocka_unit_test(a_stop_may_leave_what_writes),
        cmocka_unit_test(what_was_stopped_before_it_began_stays_so),
    };

    return cmocka_run_group_tests_name("net_fetch", tests, NULL, NULL);
}
