/*
 * reeve-net.so: transfers by libcurl on one thread.
 *
 * Invariants
 *  1. A transfer is in one list: the client's inbox, waiting, or running (then it has an easy
 * handle in the multi handle). Once it is in none, it has ended and is not touched.
 *  2. Whoever sets a flag wakes the thread afterwards, and the thread looks at all flags before it
 *     waits: nothing is missed.
 *  3. No lock is held while a callback runs.
 *
 * libcurl's code may not be unloaded: threads that look up names may outlive their transfers.
 *
 * Sockets to servers are closed when another program is executed. Of those by which libcurl wakes
 * itself that holds from 8.x on only; they lead nowhere.
 */
#include "net/module.h"

#include "net/transfer.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <strings.h>
#include <time.h>

/* Hosts are counted by a hash: those that fall together share what one may have. */
#define HOSTS 1024

#define GONE_MS 50 /* between two looks at whether an answer is still wanted */

struct list {
    struct net_transfer *first;
    struct net_transfer *last;
    unsigned n;
};

/* Of those that run. */
struct places {
    unsigned taken;
    unsigned by_fetches; /* of them */
};

struct net_client {
    /* set by open(), constant after */
    struct net_bounds bounds;
    CURLM *multi;
    /* under lock */
    pthread_mutex_t lock;
    struct list inbox;
    unsigned n_waiting; /* in the inbox and in `waiting` */
    enum net_module_ends ends;
    /* the thread's */
    struct list waiting;
    struct list running;
    struct places all;
    struct places of_host[HOSTS];
    uint64_t now_ms;
    bool may_begin; /* one has come, or has made room, since the last look */
};

static uint64_t clock_now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now); /* that clock is always there */
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Of scheme, host and port, in whatever case. */
static unsigned host_of(const char *url)
{
    const char *scheme_end = strstr(url, "://");
    size_t n = scheme_end ? (size_t)(scheme_end - url) + 3 : 0;
    uint64_t hash = 14695981039346656037U; /* FNV-1a */

    n += strcspn(url + n, "/?#");
    for (size_t i = 0; i < n; i++)
        hash = (hash ^ ((unsigned char)url[i] | 0x20U)) * 1099511628211U;
    return (unsigned)(hash % HOSTS);
}

/* --- lists ----------------------------------------------------------------------------------- */

static void list_add(struct list *list, struct net_transfer *t)
{
    t->next = NULL;
    t->prev = list->last;
    if (list->last)
        list->last->next = t;
    else
        list->first = t;
    list->last = t;
    list->n++;
}

static void list_remove(struct list *list, struct net_transfer *t)
{
    if (t->prev)
        t->prev->next = t->next;
    else
        list->first = t->next;
    if (t->next)
        t->next->prev = t->prev;
    else
        list->last = t->prev;
    list->n--;
}

/* --- places ---------------------------------------------------------------------------------- */

static bool has_place(const struct net_client *client, const struct places *places, unsigned most,
                      bool is_call)
{
    return places->taken < most && (is_call || places->by_fetches + client->bounds.kept < most);
}

static bool may_run(const struct net_client *client, const struct net_transfer *t)
{
    const struct net_bounds *bounds = &client->bounds;
    bool is_call = t->order.is_call;

    return has_place(client, &client->all, bounds->running, is_call) &&
           has_place(client, &client->of_host[t->host], bounds->per_host, is_call);
}

static void take_place(struct places *places, bool is_call)
{
    places->taken++;
    places->by_fetches += !is_call;
}

static void leave_place(struct places *places, bool is_call)
{
    places->taken--;
    places->by_fetches -= !is_call;
}

/* --- the thread ------------------------------------------------------------------------------ */

static void leave_waiting(struct net_client *client, struct net_transfer *t)
{
    list_remove(&client->waiting, t);
    (void)pthread_mutex_lock(&client->lock);
    client->n_waiting--;
    (void)pthread_mutex_unlock(&client->lock);
}

static void end(struct net_client *client, struct net_transfer *t, enum net_why why,
                const char *words)
{
    char kept[CURL_ERROR_SIZE] = "";

    memcpy(kept, words, strnlen(words, sizeof(kept) - 1)); /* they may be the library's */
    if (t->easy) {
        (void)curl_multi_remove_handle(client->multi, t->easy); /* it is there: invariant 1 */
        list_remove(&client->running, t);
        leave_place(&client->all, t->order.is_call);
        leave_place(&client->of_host[t->host], t->order.is_call);
        client->may_begin = true;
    } else {
        leave_waiting(client, t);
    }
    transfer_close(t);
    t->order.end(t->order.user, why, kept);
}

static void begin(struct net_client *client, struct net_transfer *t)
{
    bool opened;

    leave_waiting(client, t);
    opened = transfer_open(t, &client->now_ms) &&
             curl_multi_add_handle(client->multi, t->easy) == CURLM_OK;
    if (!opened) {
        transfer_close(t);
        t->order.end(t->order.user, NET_WHY_FAILED, "libcurl takes no more requests");
        return;
    }
    list_add(&client->running, t);
    take_place(&client->all, t->order.is_call);
    take_place(&client->of_host[t->host], t->order.is_call);
}

static void begin_waiting(struct net_client *client)
{
    struct net_transfer *next;

    if (!client->may_begin)
        return;
    client->may_begin = false;
    for (struct net_transfer *t = client->waiting.first; t; t = next) {
        next = t->next;
        if (may_run(client, t))
            begin(client, t);
    }
}

/* What is to be ended: of all, the thread ends then. */
static enum net_module_ends take_inbox(struct net_client *client)
{
    struct list inbox;
    enum net_module_ends ends;

    (void)pthread_mutex_lock(&client->lock);
    inbox = client->inbox;
    client->inbox = (struct list){0};
    ends = client->ends;
    (void)pthread_mutex_unlock(&client->lock);
    for (struct net_transfer *next, *t = inbox.first; t; t = next) {
        next = t->next;
        t->host = host_of(t->order.url);
        t->moved_ms = t->began_ms;
        list_add(&client->waiting, t);
        client->may_begin = true;
    }
    return ends;
}

static bool is_ended(const struct net_order *order, enum net_module_ends ends)
{
    return ends == NET_MODULE_ENDS_ALL || (ends == NET_MODULE_ENDS_DROPPABLE && order->droppable);
}

/* Whether somebody may leave, and whether he has; under the lock, since after unwatch() what tells
 * it may be no more. */
static void ask_gone(struct net_client *client, const struct net_transfer *t, bool *ret_may,
                     bool *ret_has)
{
    (void)pthread_mutex_lock(&client->lock);
    *ret_may = t->order.gone != NULL;
    *ret_has = *ret_may && atomic_load(t->order.gone);
    (void)pthread_mutex_unlock(&client->lock);
}

/* Does to one what is to be done to it; *due_ms falls to when it is to be looked at again. */
static void look_at(struct net_client *client, struct net_transfer *t, enum net_module_ends ends,
                    uint64_t *due_ms)
{
    struct transfer_due due;
    bool may_go, has_gone;

    if (is_ended(&t->order, ends)) {
        end(client, t, NET_WHY_STOPPED, "");
        return;
    }
    if (atomic_load(&t->wants_end)) {
        end(client, t, NET_WHY_ENDED, "");
        return;
    }
    ask_gone(client, t, &may_go, &has_gone);
    if (has_gone) {
        end(client, t, NET_WHY_LEFT, "");
        return;
    }
    if (atomic_exchange(&t->wants_resume, false) && t->easy && !transfer_resume(t)) {
        end(client, t, transfer_why(t, CURLE_WRITE_ERROR), transfer_words(t, CURLE_WRITE_ERROR));
        return;
    }
    due = transfer_due(t);
    if (due.at_ms <= client->now_ms) {
        end(client, t, due.why, due.words);
        return;
    }
    if (may_go && due.at_ms > client->now_ms + GONE_MS)
        due.at_ms = client->now_ms + GONE_MS;
    if (due.at_ms < *due_ms)
        *due_ms = due.at_ms;
}

static void look_at_all(struct net_client *client, struct list *list, enum net_module_ends ends,
                        uint64_t *due_ms)
{
    struct net_transfer *next;

    for (struct net_transfer *t = list->first; t; t = next) {
        next = t->next;
        look_at(client, t, ends, due_ms);
    }
}

static void end_finished(struct net_client *client)
{
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(client->multi, &left))) {
        CURLcode code = message->data.result;
        struct net_transfer *t = NULL;

        if (curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (void *)&t) == CURLE_OK && t)
            end(client, t, transfer_why(t, code), transfer_words(t, code));
    }
}

static int wait_ms(const struct net_client *client, uint64_t due_ms)
{
    uint64_t most = 60000; /* to look at the clock now and then does no harm */
    uint64_t left = due_ms - client->now_ms;

    if (client->may_begin && client->waiting.n > 0)
        return 0;
    return (int)(left < most ? left : most);
}

static void run(void *user)
{
    struct net_client *client = user;
    sigset_t pipe_signal;
    enum net_module_ends ends;

    /* A peer that has closed is told of by the write's error. */
    (void)sigemptyset(&pipe_signal);
    (void)sigaddset(&pipe_signal, SIGPIPE);
    (void)pthread_sigmask(SIG_BLOCK, &pipe_signal, NULL);
    do {
        uint64_t due_ms = UINT64_MAX;
        int n_running;

        ends = take_inbox(client);
        client->now_ms = clock_now_ms();
        if (ends != NET_MODULE_ENDS_ALL)
            begin_waiting(client);
        look_at_all(client, &client->running, ends, &due_ms);
        look_at_all(client, &client->waiting, ends, &due_ms);
        /* Neither fails but for a handle that is none, and then there is nothing to do about it. */
        (void)curl_multi_perform(client->multi, &n_running);
        end_finished(client);
        if (ends != NET_MODULE_ENDS_ALL)
            (void)curl_multi_poll(client->multi, NULL, 0, wait_ms(client, due_ms), NULL);
    } while (ends != NET_MODULE_ENDS_ALL);
}

/* --- any thread ------------------------------------------------------------------------------ */

static bool module_begin(struct net_client *client, struct net_transfer *t,
                         const struct net_order *order)
{
    unsigned kept = order->is_call ? 0 : client->bounds.kept;
    bool taken;

    t->order = *order;
    t->began_ms = clock_now_ms();
    (void)pthread_mutex_lock(&client->lock);
    taken = !is_ended(order, client->ends) && client->n_waiting + kept < client->bounds.waiting;
    if (taken) {
        list_add(&client->inbox, t);
        client->n_waiting++;
        (void)curl_multi_wakeup(client->multi);
    }
    (void)pthread_mutex_unlock(&client->lock);
    return taken;
}

/* close() comes after stop() of all: who finds that it has not stopped may use the multi handle. */
static void wake(struct net_client *client)
{
    (void)pthread_mutex_lock(&client->lock);
    if (client->ends != NET_MODULE_ENDS_ALL)
        (void)curl_multi_wakeup(client->multi);
    (void)pthread_mutex_unlock(&client->lock);
}

static void module_resume(struct net_client *client, struct net_transfer *t)
{
    atomic_store(&t->wants_resume, true);
    wake(client);
}

static void module_unwatch(struct net_client *client, struct net_transfer *t)
{
    (void)pthread_mutex_lock(&client->lock);
    t->order.gone = NULL;
    (void)pthread_mutex_unlock(&client->lock);
}

static void module_end(struct net_client *client, struct net_transfer *t)
{
    atomic_store(&t->wants_end, true);
    wake(client);
}

static void module_stop(struct net_client *client, enum net_module_ends ends)
{
    (void)pthread_mutex_lock(&client->lock);
    if (ends > client->ends)
        client->ends = ends;
    (void)curl_multi_wakeup(client->multi);
    (void)pthread_mutex_unlock(&client->lock);
}

static const char *module_open(struct net_client *client, const struct net_bounds *bounds)
{
    CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);

    if (code != CURLE_OK)
        return curl_easy_strerror(code);
    client->multi = curl_multi_init();
    if (!client->multi)
        return "libcurl has no memory";
    client->bounds = *bounds;
    (void)curl_multi_setopt(client->multi, CURLMOPT_MAXCONNECTS, (long)bounds->running);
    (void)pthread_mutex_init(&client->lock, NULL); /* cannot fail here */
    return NULL;
}

static void module_close(struct net_client *client)
{
    (void)curl_multi_cleanup(client->multi);
    client->multi = NULL; /* the lock stays: who comes late looks at `ends` */
}

__attribute__((visibility("default"))) const struct net_module reeve_net_module = {
    .version = NET_MODULE_VERSION,
    .client_size = sizeof(struct net_client),
    .transfer_size = sizeof(struct net_transfer),
    .open = module_open,
    .run = run,
    .stop = module_stop,
    .close = module_close,
    .begin = module_begin,
    .resume = module_resume,
    .unwatch = module_unwatch,
    .end = module_end,
    .mail = module_mail,
};
