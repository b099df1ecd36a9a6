/*
 * Clients: streams, of which the hub's thread has what is to be sent and the loop sends it.
 *
 * Invariants
 *  1. `req` is the loop's. It is resumed by others only under the lock, while the stream is not
 *     over, and not again before the loop has come.
 *  2. A client has two owners: the loop until its stream is closed, the hub until it has been told
 *     of that.
 */
#include "realtime/internal.h"

#include "base/date.h"
#include "base/id.h"
#include "base/limits.h"
#include "base/memory.h"

#include <string.h>

#define PIECE_BYTES ((size_t)128 * KIB) /* sent at once */

void client_unref(struct client *client)
{
    if (atomic_fetch_sub(&client->refs, 1) > 1)
        return;
    buf_done(&client->pending);
    buf_done(&client->sending);
    buf_done(&client->ip);
    bound_free(&client->bound);
    (void)pthread_mutex_destroy(&client->lock);
    memory_free(client, sizeof(*client));
}

/* A message may be as large as an answer; several are what may wait. */
static void begin_pending(struct client *client)
{
    buf_init(&client->pending, LIMIT_RESPONSE_BYTES);
    client->pending.asks = true;
}

/* --- on the loop ----------------------------------------------------------------------------- */

/* The stream's end, for its loop. */
static void let_go(struct client *client, struct req *req)
{
    req_stream_close(req);
    client_unref(client);
}

/* Nobody comes to the loop any more. False: somebody is on the way, and ends it there. */
static bool end(struct client *client)
{
    struct hub *hub = client->hub;
    bool was_over, is_idle;

    (void)pthread_mutex_lock(&client->lock);
    was_over = client->over;
    client->over = true;
    is_idle = !client->scheduled;
    (void)pthread_mutex_unlock(&client->lock);
    if (!was_over) {
        (void)pthread_mutex_lock(&hub->lock);
        hub_tell(hub, &client->left);
        (void)pthread_mutex_unlock(&hub->lock);
    }
    return is_idle;
}

static void on_ended(struct req *req)
{
    struct client *client = req->user;

    if (end(client))
        let_go(client, req);
}

/* As much as the stream takes before some of it has to wait. */
static bool send_on(struct client *client, struct req *req)
{
    struct buf *out = &client->sending;

    while (client->sent < out->n && !req_stream_waits(req)) {
        const struct str piece = str_sub(buf_str(out), client->sent, PIECE_BYTES);

        if (!req_stream_write(req, piece))
            return false;
        client->sent += piece.n;
        atomic_store_explicit(&client->left_to_send, out->n - client->sent, memory_order_relaxed);
    }
    if (client->sent == out->n) {
        buf_done(out);
        client->sent = 0;
    }
    return true;
}

/* What is pending, where nothing else is on its way. False: there is nothing to send. */
static bool take(struct client *client, bool *ret_over)
{
    bool has_more;

    (void)pthread_mutex_lock(&client->lock);
    if (client->sending.n == 0) {
        buf_done(&client->sending);
        client->sending = client->pending;
        atomic_store_explicit(&client->left_to_send, client->sending.n, memory_order_relaxed);
        begin_pending(client);
    }
    has_more = client->sending.n > 0;
    *ret_over = client->over || client->lost || (client->closing && !has_more);
    (void)pthread_mutex_unlock(&client->lock);
    return has_more;
}

/* All of what is pending, as far as the stream takes it; or the end. Once some is out there may be
 * more. */
static void send_all(struct req *req)
{
    struct client *client = req->user;
    bool is_over, is_open = true;

    while (take(client, &is_over) && !is_over && is_open && !req_stream_waits(req))
        is_open = send_on(client, req);
    if ((is_over || !is_open) && end(client))
        let_go(client, req);
}

/* From here on it may be resumed again. */
static void on_loop(struct req *req)
{
    struct client *client = req->user;

    (void)pthread_mutex_lock(&client->lock);
    client->scheduled = false;
    (void)pthread_mutex_unlock(&client->lock);
    send_all(req);
}

static const struct req_stream_events events = {.drained = send_all, .ended = on_ended};

/* --- by others ------------------------------------------------------------------------------- */

/* With the lock. */
static void schedule(struct client *client)
{
    if (client->scheduled)
        return;
    client->scheduled = true;
    req_resume(client->req, on_loop, false);
}

/* Frames are lines: a name with line ends would be others. */
static void add_line(struct buf *out, struct str text)
{
    for (size_t i = 0; i < text.n; i++)
        buf_add_byte(out, text.p[i] == '\n' || text.p[i] == '\r' ? ' ' : text.p[i]);
}

static void add_frame(struct buf *out, const struct client *client, struct str name,
                      struct str data, uint64_t number)
{
    BUF_ADD(out, "id:");
    replay_add_id(out, client, number);
    BUF_ADD(out, "\nevent:");
    add_line(out, name);
    BUF_ADD(out, "\ndata:");
    buf_add(out, data);
    BUF_ADD(out, "\n\n");
}

/* With the lock: a frame that is to be sent. False: there is no room for it. */
static bool add_pending(struct client *client, struct str name, struct str data, uint64_t number)
{
    struct tally *fresh = &client->hub->fresh;
    const size_t before = client->pending.n;

    if (before >= LIMIT_CLIENT_BYTES)
        return false;
    add_frame(&client->pending, client, name, data, number);
    if (client->pending.full)
        return false;
    fresh->events++;
    fresh->bytes += client->pending.n - before;
    return true;
}

void client_send(struct client *client, struct str name, struct str data, uint64_t number)
{
    if (client->is_behind && number > client->told)
        number = client->told; /* it comes back for what it has not been told */
    client->seen = number;
    client->sent_us = clock_us();
    (void)pthread_mutex_lock(&client->lock);
    if (!client->over && !client->closing && !client->lost) {
        client->lost = !add_pending(client, name, data, number);
        client->hub->fresh.ended[HUB_SLOW] += client->lost;
        schedule(client);
        hub_wake_later(client->hub);
    }
    (void)pthread_mutex_unlock(&client->lock);
}

bool client_is_full(struct client *client)
{
    bool is_full;

    (void)pthread_mutex_lock(&client->lock);
    is_full = client->pending.n >= LIMIT_STREAM_BYTES;
    (void)pthread_mutex_unlock(&client->lock);
    return is_full;
}

bool client_close(struct client *client)
{
    bool is_open;

    (void)pthread_mutex_lock(&client->lock);
    is_open = !client->over && !client->closing && !client->lost;
    if (is_open) {
        client->closing = true;
        schedule(client);
        hub_wake_later(client->hub);
    }
    (void)pthread_mutex_unlock(&client->lock);
    return is_open;
}

/* --- connecting ------------------------------------------------------------------------------ */

static struct client *client_new(struct hub *hub, struct req *req, const struct hub_come *come)
{
    struct client *client = memory_new(sizeof(*client));
    struct arena *scratch = arena_new();
    const struct str id = random_text(scratch, CLIENT_ID_CHARS, ALPHABET_SECRET);

    *client = (struct client){
        .hub = hub, .req = req, .refs = 2, .begun_us = clock_us(), .connected_ms = date_now_ms()};
    memcpy(client->id, id.p, CLIENT_ID_CHARS);
    arena_free(scratch);
    buf_init(&client->ip, come->ip.n + 1);
    buf_add(&client->ip, come->ip);
    client->replays = come->replay || come->last_id.n > 0;
    client->comes_back = come->last_id.n > 0;
    client->position = replay_position(hub, come->last_id);
    begin_pending(client);
    (void)pthread_mutex_init(&client->lock, NULL);
    client->sent_us = client->begun_us;
    return client;
}

/* What every client hears first. Who comes back has seen no more than before. */
static bool greet(struct client *client)
{
    AUTO_BUF struct buf out;
    AUTO_BUF struct buf data;
    const uint64_t number = client->comes_back ? client->position : client->hub->last_change;

    buf_init(&out, 1 * KIB);
    buf_init(&data, 1 * KIB);
    BUF_ADD(&data, "{\"clientId\":\"");
    replay_add_id(&data, client, number);
    BUF_ADD(&data, "\"}");
    add_frame(&out, client, STR("PB_CONNECT"), buf_str(&data), number);
    return req_stream_write(client->req, buf_str(&out));
}

void hub_connect(struct hub *hub, struct req *req, const struct hub_come *come)
{
    struct client *client = client_new(hub, req, come);
    struct resp *resp = &req->resp;

    resp->status = 200;
    resp->content_type = "text/event-stream";
    BUF_ADD(&resp->headers, "Cache-Control: no-store\r\nX-Accel-Buffering: no\r\n");
    req->user = client;
    if (!req_stream_open(req, &events)) {
        client_unref(client);
        client_unref(client);
        return;
    }
    hub_add_client(hub, client);
    if (!greet(client) && end(client))
        let_go(client, req);
}
