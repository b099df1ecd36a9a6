#include "net/internal.h"

#include "base/limits.h"
#include "base/thread.h"

#include <assert.h>

struct waiter {
    struct net *net;
    const atomic_bool *gone;
    bool is_gone; /* what made it give up: that, or the stop */
};

static bool enough(void *user)
{
    struct waiter *waiter = user;
    bool stopped;

    waiter->is_gone = waiter->gone && atomic_load(waiter->gone);
    (void)pthread_mutex_lock(&waiter->net->lock);
    stopped = waiter->net->stop == NET_STOP_ALL;
    (void)pthread_mutex_unlock(&waiter->net->lock);
    return waiter->is_gone || stopped;
}

/* Names where whoever listens there is this machine's owner. */
static bool is_local(struct str host)
{
    return str_eq_nocase(host, STR("localhost")) || str_eq(host, STR("127.0.0.1")) ||
           str_eq(host, STR("::1"));
}

static bool is_clean(struct str text)
{
    for (size_t i = 0; i < text.n; i++)
        if ((unsigned char)text.p[i] < ' ' || text.p[i] == 127)
            return false;
    return true;
}

static bool is_ascii(struct str text)
{
    for (size_t i = 0; i < text.n; i++)
        if ((unsigned char)text.p[i] > 126)
            return false;
    return true;
}

/* Of a host or a local name: nothing that a URL would read otherwise. */
static bool is_host(struct str text)
{
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];

        if (!(c >= '0' && c <= '9') && !((c | 32) >= 'a' && (c | 32) <= 'z') && c != '.' &&
            c != '-' && c != '_' && c != ':')
            return false;
    }
    return text.n > 0;
}

static bool is_address(struct str text)
{
    static const struct str never = STR_INIT(" <>");

    for (size_t i = 0; i < never.n; i++)
        if (str_find_byte(text, never.p[i]) < text.n)
            return false;
    return text.n > 0 && is_clean(text);
}

/* NULL, or what is wrong. */
static const char *find_fault(const struct net_mail *mail)
{
    if (!is_host(mail->host))
        return "the mail server's name is none";
    if (mail->port < 1 || mail->port > 65535)
        return "the mail server's port is none";
    if (!is_host(mail->local_name))
        return "the local name is none";
    if (!is_clean(mail->user) || !is_clean(mail->password))
        return "the user name or the password has control characters";
    if (!is_address(mail->from))
        return "the sender's address is none";
    for (size_t i = 0; i < mail->n_to; i++)
        if (!is_address(mail->to[i]))
            return "a recipient's address is none";
    return NULL;
}

static bool needs_utf8(const struct net_mail *mail)
{
    bool ascii = is_ascii(mail->from);

    for (size_t i = 0; i < mail->n_to; i++)
        ascii = ascii && is_ascii(mail->to[i]);
    return !ascii;
}

static struct net_mail_order make_order(struct arena *a, const struct net_mail *mail,
                                        struct waiter *waiter)
{
    bool is_v6 = str_find_byte(mail->host, ':') < mail->host.n;
    bool logs_in = mail->user.n > 0;
    const char **to = ARENA_ARRAY(a, const char *, mail->n_to);
    struct str url =
        arena_printf(a, "%s://%s%.*s%s:%u/%.*s", mail->tls ? "smtps" : "smtp", is_v6 ? "[" : "",
                     STR_ARG(mail->host), is_v6 ? "]" : "", mail->port, STR_ARG(mail->local_name));

    for (size_t i = 0; i < mail->n_to; i++)
        to[i] = arena_cstr(a, mail->to[i]);
    return (struct net_mail_order){
        .url = url.p,
        .user = logs_in ? arena_cstr(a, mail->user) : NULL,
        .password = logs_in ? arena_cstr(a, mail->password) : NULL,
        .method = mail->by_login ? "LOGIN" : "PLAIN",
        .must_encrypt = logs_in && !is_local(mail->host),
        .utf8 = needs_utf8(mail),
        .ca_file = mail->ca_file.n > 0 ? arena_cstr(a, mail->ca_file) : NULL,
        .from = arena_cstr(a, mail->from),
        .to = to,
        .n_to = mail->n_to,
        .message = mail->message.p,
        .n = mail->message.n,
        .connect_ms = LIMIT_NET_CONNECT_MS,
        .total_ms = mail->total_ms,
        .enough = enough,
        .enough_user = waiter,
    };
}

static struct err *end_err(struct arena *a, const struct net_mail *mail,
                           const struct waiter *waiter, const struct net_mail_end *end)
{
    const char *words = end->words;
    enum err_kind kind = E_UNAVAILABLE;

    switch (end->why) {
    case NET_MAIL_TAKEN:
        return NULL;
    case NET_MAIL_ENOUGH:
        kind = waiter->is_gone ? E_GONE : E_UNAVAILABLE;
        words = waiter->is_gone ? "nobody waits for it any more" : "the server is stopping";
        break;
    case NET_MAIL_REFUSED:
        kind = E_BAD_REQUEST;
        break;
    case NET_MAIL_FAILED:
        break;
    }
    return err_new(a, kind, NULL, "mail to %.*s:%u: %s", STR_ARG(mail->host), mail->port, words);
}

struct err *net_mail_send(struct arena *a, struct net *net, const struct net_mail *mail)
{
    struct waiter waiter = {.net = net, .gone = mail->gone};
    const char *fault = find_fault(mail);
    struct net_mail_order order;
    struct net_mail_end end;
    struct err *err;

    assert(!thread_is_loop());
    assert(mail->n_to > 0 && mail->total_ms > 0);
    if (fault)
        return err_new(a, E_BAD_REQUEST, NULL, "mail: %s", fault);
    err = net_load(a, net);
    if (err)
        return err;
    order = make_order(a, mail, &waiter);
    net->module->mail(&order, &end);
    return end_err(a, mail, &waiter, &end);
}
