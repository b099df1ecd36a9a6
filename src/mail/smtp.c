#include "mail/internal.h"

#include <stdlib.h>

struct err *mail_by_smtp(struct arena *a, struct net *net, const struct settings *settings,
                         const struct mail_message *message, struct str bytes, unsigned limit_ms,
                         const atomic_bool *gone)
{
    int64_t port = settings->smtp.port;
    struct str *to = ARENA_ARRAY(a, struct str, message->n_to);
    struct net_mail mail = {
        .host = settings->smtp.host,
        .port = port >= 0 && port <= 65535 ? (unsigned)port : 0,
        .tls = settings->smtp.tls,
        .user = settings->smtp.username,
        .password = settings->smtp.password,
        .by_login = str_eq(settings->smtp.auth_method, STR("LOGIN")),
        .local_name = settings->smtp.local_name,
        .ca_file = str_of(getenv("SSL_CERT_FILE")),
        .from = message->from.address,
        .to = to,
        .n_to = message->n_to,
        .message = bytes,
        .total_ms = limit_ms,
        .gone = gone,
    };

    for (size_t i = 0; i < message->n_to; i++)
        to[i] = message->to[i].address;
    if (mail.local_name.n == 0)
        mail.local_name = STR("localhost");
    return net_mail_send(a, net, &mail);
}
