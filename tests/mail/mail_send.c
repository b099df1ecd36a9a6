/*
 * mail_send [OPTION=VALUE ...]: sends one mail, whose body comes on standard input.
 *
 *   host= port= user= password= method= tls=1 local=  of settings.smtp; without host: by sendmail
 *   from= name= subject= id=      of the message; to= any number of times, to_name= before its to
 *   text=1                        the body is text alone, else HTML
 *   limit=MS  gone=MS             mail_send()'s limit; when its `gone` becomes true
 *   threads=N                     as many at once
 *   sendmail=PATH                 that program instead of what settings say
 *
 * Prints "sent", or the kind of the error and its cause, once a thread.
 */
#include "base/buf.h"
#include "base/date.h"
#include "base/limits.h"
#include "base/num.h"
#include "base/thread.h"
#include "mail/internal.h"
#include "net/internal.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define RECIPIENTS 8
#define THREADS 16

struct order {
    struct net *net;
    struct settings settings;
    struct mail_message message;
    struct mail_address to[RECIPIENTS];
    struct str sendmail;
    unsigned limit_ms, gone_ms, threads;
    atomic_bool gone;
};

static const char *const kinds[] = {
#define X(kind, status, message) #kind,
    FOR_EACH_ERR_KIND(X)
#undef X
};

static unsigned number(struct str text)
{
    uint64_t n = 0;

    return num_parse_u64(text, &n) && n < UINT32_MAX ? (unsigned)n : 0;
}

static bool set(struct order *order, struct str name, struct str value)
{
    struct settings *settings = &order->settings;
    struct mail_message *message = &order->message;
    struct {
        const char *name;
        struct str *text;
    } texts[] = {
        {"host", &settings->smtp.host},
        {"user", &settings->smtp.username},
        {"password", &settings->smtp.password},
        {"method", &settings->smtp.auth_method},
        {"local", &settings->smtp.local_name},
        {"from", &message->from.address},
        {"name", &message->from.name},
        {"subject", &message->subject},
        {"id", &message->id},
        {"text", &message->text},
        {"sendmail", &order->sendmail},
        {"to_name", &order->to[message->n_to].name},
        {"to", &order->to[message->n_to].address},
    };
    struct {
        const char *name;
        unsigned *n;
    } numbers[] = {
        {"limit", &order->limit_ms}, {"gone", &order->gone_ms}, {"threads", &order->threads}};

    settings->smtp.enabled = settings->smtp.enabled || str_eq(name, STR("host"));
    if (str_eq(name, STR("port")))
        settings->smtp.port = number(value);
    else if (str_eq(name, STR("tls")))
        settings->smtp.tls = number(value) == 1;
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        if (str_eq(name, str_of(texts[i].name)))
            *texts[i].text = value;
    for (size_t i = 0; i < COUNT_OF(numbers); i++)
        if (str_eq(name, str_of(numbers[i].name)))
            *numbers[i].n = number(value);
    message->n_to += str_eq(name, STR("to"));
    return message->n_to < RECIPIENTS;
}

static struct str read_all(struct arena *a)
{
    struct buf all;
    struct str text;
    ssize_t n;

    buf_init(&all, LIMIT_MAIL_BYTES * 2);
    do {
        char *room = buf_reserve(&all, 65536);

        n = room ? read(0, room, 65536) : 0;
        if (n > 0)
            buf_grew(&all, (size_t)n);
    } while (n > 0);
    text = arena_dup(a, buf_str(&all));
    buf_done(&all);
    return text;
}

static struct err *by_program(struct arena *a, struct order *order)
{
    AUTO_BUF struct buf out;
    struct err *err;

    buf_init(&out, LIMIT_MAIL_BYTES);
    err = mail_message_write(a, &order->message, date_now_ms(), &out);
    if (err)
        return err;
    return mail_by_sendmail(a, order->sendmail, buf_str(&out), order->limit_ms, &order->gone);
}

static struct err *by_settings(struct arena *a, struct order *order)
{
    return mail_send(a, order->net, &order->settings, &order->message, order->limit_ms,
                     &order->gone);
}

static void run(void *user)
{
    AUTO(arena_free) struct arena *a = arena_new();
    struct order *order = user;
    struct err *err = order->sendmail.n > 0 ? by_program(a, order) : by_settings(a, order);

    if (err)
        printf("%s %.*s\n", kinds[err->kind], STR_ARG(err->cause));
    else
        printf("sent\n");
}

static void leave(void *user)
{
    struct order *order = user;

    (void)usleep(order->gone_ms * 1000);
    atomic_store(&order->gone, true);
}

int main(int argc, char **argv)
{
    AUTO(arena_free) struct arena *a = arena_new();
    struct order order = {.limit_ms = 10000, .threads = 1};
    struct net_conf conf = {.bounds = {.running = 4, .per_host = 4, .waiting = 4}};
    pthread_t threads[THREADS];
    pthread_t leaver;
    struct str folder = str_of(argv[0]);
    struct str body;

    (void)signal(SIGPIPE, SIG_IGN);
    folder = str_sub(folder, 0, str_find_last_byte(folder, '/'));
    conf.folder = arena_cstr(a, arena_concat(a, folder, STR("/.."), STR_NONE));
    for (int i = 1; i < argc; i++) {
        struct str value = str_of(argv[i]);
        struct str name = str_split(&value, '=');

        if (!set(&order, name, value))
            return 2;
    }
    order.message.to = order.to;
    body = read_all(a);
    *(order.message.text.n > 0 ? &order.message.text : &order.message.html) = body;
    order.net = net_new_with(&conf);
    if (order.gone_ms > 0 && !thread_start("leave", leave, &order, &leaver))
        return 2;
    for (unsigned i = 0; i < order.threads && i < THREADS; i++)
        if (!thread_start("send", run, &order, &threads[i]))
            return 2;
    for (unsigned i = 0; i < order.threads && i < THREADS; i++)
        thread_join(threads[i]);
    if (order.gone_ms > 0)
        thread_join(leaver);
    net_free(order.net);
    return 0;
}
