#include "http/answers.h"

#include "base/limits.h"
#include "base/num.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_BYTES (4 * MIB)

atomic_uint n_streams;

static uint64_t number(struct req *req, const char *name)
{
    uint64_t n = 0;

    (void)num_parse_u64(req_query_get(req, str_of(name)), &n); /* 0 then */
    return n;
}

static void send_text(struct req *req)
{
    req->resp.content_type = "text/plain";
    req_send(req);
}

void answer_borrowed(struct req *req)
{
    static char text[TEXT_BYTES];

    for (size_t i = 0; i < TEXT_BYTES && text[TEXT_BYTES - 1] == '\0'; i++)
        text[i] = (char)('a' + i % 26);
    req_answer_borrowed(req, 200, (struct str){text, number(req, "n")});
    send_text(req);
}

void answer_file(struct req *req)
{
    int fd = open(arena_cstr(req->arena, req_query_get(req, STR("path"))), O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        abort();
    req_answer_file(req, 206, fd, number(req, "at"), number(req, "n"));
    if (req_query_get(req, STR("fails")).p)
        req_answer_err(req, err_new(req->arena, E_INTERNAL, NULL, "on second thoughts"));
    send_text(req);
}

/* ---- streams ------------------------------------------------------------------------------- */

struct ticker {
    uint64_t left, size;
    bool paced, keep;
};

static void close_stream(struct req *req)
{
    free(req->user);
    atomic_fetch_sub(&n_streams, 1);
    req_stream_close(req);
}

static void tick(struct req *req)
{
    struct ticker *ticker = req->user;
    char *piece = malloc(ticker->size + 1);
    bool good = true;

    if (!piece)
        abort();
    while (ticker->left > 0 && good) {
        memset(piece, (int)('a' + ticker->left-- % 26), ticker->size);
        good = req_stream_write(req, (struct str){piece, ticker->size});
        if (good && ticker->paced && req_stream_waits(req))
            break;
    }
    free(piece);
    if (!good || (ticker->left == 0 && !ticker->keep))
        close_stream(req);
}

static const struct req_stream_events stream_events = {.drained = tick, .ended = close_stream};

void answer_stream(struct req *req)
{
    struct ticker *ticker = malloc(sizeof(*ticker));

    if (!ticker)
        abort();
    *ticker = (struct ticker){.left = number(req, "n"),
                              .size = number(req, "size"),
                              .paced = number(req, "paced") != 0,
                              .keep = number(req, "keep") != 0};
    req->user = ticker;
    req->resp.status = 200;
    req->resp.content_type = "text/event-stream";
    req->resp.sized = req_query_get(req, STR("told")).p != NULL;
    req->resp.size = number(req, "told");
    if (!req_stream_open(req, &stream_events)) {
        free(ticker);
        return;
    }
    atomic_fetch_add(&n_streams, 1);
    tick(req);
}
