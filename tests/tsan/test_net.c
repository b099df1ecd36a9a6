/*
 * Requests for ThreadSanitizer: many threads call, others read and pause, resume, end and leave as
 * it happens, and net ends under them.
 */
#include "unit/unit.h"

#include "net/reader.h"

#define THREADS 50
#define ROUNDS 20

struct guest {
    struct net_site *site;
    pthread_t thread;
    unsigned number;
    const char *wrong; /* NULL: nothing */
};

static void call_and_compare(struct guest *guest, struct arena *a, unsigned round)
{
    char text[32];
    struct net_request request = {.method = STR("POST")};
    struct net_answer answer;

    (void)snprintf(text, sizeof(text), "guest %u round %u.", guest->number, round);
    request.url = arena_printf(a, "http://127.0.0.1:%u/echo", guest->site->server->port);
    request.body = str_of(text);
    if (net_call(a, guest->site->net, &request, &answer))
        guest->wrong = "an error";
    else if (!str_has(answer.body, str_of(text)))
        guest->wrong = "another's answer";
}

static void *call_often(void *user)
{
    struct guest *guest = user;

    for (unsigned i = 0; i < ROUNDS; i++) {
        AUTO(arena_free) struct arena *a = arena_new();

        call_and_compare(guest, a, i);
    }
    return NULL;
}

static void run_guests(struct net_site *site, unsigned n, void *(*run)(void *))
{
    struct guest guests[THREADS] = {0};

    for (unsigned i = 0; i < n; i++) {
        guests[i] = (struct guest){.site = site, .number = i};
        assert_int_equal(pthread_create(&guests[i].thread, NULL, run, &guests[i]), 0);
    }
    for (unsigned i = 0; i < n; i++)
        (void)pthread_join(guests[i].thread, NULL);
    for (unsigned i = 0; i < n; i++)
        if (guests[i].wrong)
            fail_msg("%s", guests[i].wrong);
}

static void fifty_threads_get_their_own_answers(void **state)
{
    struct net_site site = net_site_new((struct net_bounds){16, 16, 64, 0});

    (void)state;
    run_guests(&site, THREADS, call_often);
    assert_true(atomic_load(&site.server->n_connections) <= 16);
    net_site_done(&site);
}

/* A reader whose pauses end by one thread while others end it and give it back. */
static void *resume_often(void *user)
{
    struct reader *reader = user;

    for (uint64_t allowed = 0; allowed < 400000; allowed += 10000)
        reader_allow(reader, allowed);
    return NULL;
}

static void *end_it(void *user)
{
    struct reader *reader = user;

    reader_wait_bytes(reader, 100000);
    net_fetch_end(reader->fetch);
    return NULL;
}

static void *read_and_leave(void *user)
{
    struct guest *guest = user;
    struct arena *a = arena_new();
    struct net_request request = {.method = STR("GET")};
    struct reader reader;
    pthread_t threads[2];

    request.url = arena_printf(a, "http://127.0.0.1:%u/big?500000", guest->site->server->port);
    reader_init(&reader);
    reader.allowed = guest->number * 1000;
    if (net_fetch(a, guest->site->net, &request, &reader_events, &reader, &reader.fetch))
        abort();
    if (pthread_create(&threads[0], NULL, resume_often, &reader) != 0 ||
        pthread_create(&threads[1], NULL, end_it, &reader) != 0)
        abort();
    (void)pthread_join(threads[0], NULL);
    if (guest->number % 2)
        reader_allow(&reader, UINT64_MAX);
    else
        net_fetch_end(reader.fetch);
    (void)pthread_join(threads[1], NULL);
    net_fetch_free(reader.fetch);
    reader_wait(&reader);
    if (reader.kind != READER_WHOLE && reader.kind != E_GONE)
        guest->wrong = "an error";
    (void)pthread_cond_destroy(&reader.wake);
    (void)pthread_mutex_destroy(&reader.lock);
    arena_free(a);
    return NULL;
}

static void readers_pause_resume_end_and_leave(void **state)
{
    struct net_site site = net_site();

    (void)state;
    for (int i = 0; i < 5; i++)
        run_guests(&site, 12, read_and_leave);
    net_site_done(&site);
}

/* Some have not begun, some are in their middle, some are through when it ends. */
static void net_ends_while_requests_run(void **state)
{
    static const char *const paths[] = {"/echo", "/big?300000", "/silent", "/drip"};

    (void)state;
    for (int i = 0; i < 10; i++) {
        struct net_site site = net_site_new((struct net_bounds){6, 6, 64, 0});
        struct reader readers[20];

        for (size_t j = 0; j < COUNT_OF(readers); j++) {
            struct net_request request = site_get(&site, paths[j % COUNT_OF(paths)]);

            reader_begin(&readers[j], &site, &request);
        }
        if (i % 2)
            reader_wait(&readers[0]);
        net_free(TAKE(site.net));
        for (size_t j = 0; j < COUNT_OF(readers); j++) {
            assert_true(readers[j].kind == READER_WHOLE || readers[j].kind == E_UNAVAILABLE);
            reader_done(&readers[j]);
        }
        net_site_done(&site);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fifty_threads_get_their_own_answers),
        cmocka_unit_test(readers_pause_resume_end_and_leave),
        cmocka_unit_test(net_ends_while_requests_run),
    };

    return cmocka_run_group_tests_name("net", tests, NULL, NULL);
}
