#include "mail/internal.h"

#include "base/date.h"
#include "base/limits.h"
#include "base/thread.h"

#include <assert.h>
#include <stdlib.h>

static struct err *send_by_sendmail(struct arena *a, struct str bytes, unsigned limit_ms,
                                    const atomic_bool *gone)
{
    struct str program = mail_sendmail_find(a, str_of(getenv("PATH")));

    if (program.n == 0)
        return err_new(a, E_BAD_REQUEST, NULL, "failed to locate a sendmail executable path");
    return mail_by_sendmail(a, program, bytes, limit_ms, gone);
}

struct err *mail_send(struct arena *a, struct net *net, const struct settings *settings,
                      const struct mail_message *message, unsigned limit_ms,
                      const atomic_bool *gone)
{
    AUTO_BUF struct buf out;
    struct err *err;

    assert(!thread_is_loop());
    assert(limit_ms > 0);
    buf_init(&out, LIMIT_MAIL_BYTES);
    out.asks = true;
    err = mail_message_write(a, message, date_now_ms(), &out);
    if (err)
        return err;
    if (settings->smtp.enabled)
        return mail_by_smtp(a, net, settings, message, buf_str(&out), limit_ms, gone);
    return send_by_sendmail(a, buf_str(&out), limit_ms, gone);
}
