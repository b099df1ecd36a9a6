/*
 * Turns: how much of its loop one connection has before the others.
 *
 * A client may send its requests faster than they are answered, so that there is always one more.
 * After TURN_REQUESTS of them or TURN_NS its connection goes to the end of those who wait
 * (CONN_TURN), and the loop to its other sockets, its timers and what others woke it for. While
 * somebody waits the loop does not sleep.
 *
 * Invariants
 *  1. A round begins where the loop may sleep, and goes on with what the sockets have. In it a
 *     connection has one turn, whatever brings its requests about: bytes that come, an answer that
 *     is ready or written. If it has to wait, it may have another one before the next round.
 *  2. Exactly the connections in CONN_TURN are in loop->waiting. Of these the longest there are
 *     served before the next round, each once, until ROUND_NS have passed: so who comes with one
 *     request is not behind all who have many.
 */
#include "http/internal.h"

#define TURN_REQUESTS 16
#define TURN_NS 1000000
#define ROUND_NS 2000000 /* of those who wait, before the loop looks at its sockets */

static void on_round(uv_prepare_t *prepare)
{
    struct http_loop *loop = prepare->data;

    watch_end(loop, "rest");
    loop->round++;
}

/* Once a round: who comes to wait meanwhile is not served before the next one. At least one is. */
static void on_waiting(uv_idle_t *idle)
{
    struct http_loop *loop = idle->data;
    uint64_t until_ns = uv_hrtime() + ROUND_NS;

    for (size_t n = loop->n_waiting; n > 0 && loop->waiting.first; n--) {
        struct http_conn *conn = loop->waiting.first;

        conn->served = 0;
        loop->server->calls->turn(conn);
        watch_end(loop, "turn");
        if (uv_hrtime() >= until_ns)
            break;
    }
    if (!loop->waiting.first)
        (void)uv_idle_stop(idle); /* always 0 */
}

void turn_init(struct http_loop *loop)
{
    if (uv_prepare_init(&loop->uv, &loop->rounds) != 0 ||
        uv_idle_init(&loop->uv, &loop->turns) != 0)
        BUG("a handle of libuv cannot be made");
    loop->rounds.data = loop->turns.data = loop;
    if (uv_prepare_start(&loop->rounds, on_round) != 0)
        BUG("a handle without a callback");
}

void turn_close(struct http_loop *loop)
{
    uv_close((uv_handle_t *)&loop->rounds, NULL);
    uv_close((uv_handle_t *)&loop->turns, NULL);
}

void turn_count(struct http_conn *conn)
{
    if (conn->served == 0 || conn->round != conn->loop->round) {
        conn->round = conn->loop->round;
        conn->served = 0;
        conn->turn_ns = uv_hrtime();
    }
    conn->served++;
}

bool turn_is_over(const struct http_conn *conn)
{
    if (conn->served == 0 || conn->round != conn->loop->round)
        return false;
    return conn->served >= TURN_REQUESTS || uv_hrtime() - conn->turn_ns >= TURN_NS;
}

void turn_wait(struct http_conn *conn)
{
    struct http_loop *loop = conn->loop;

    loop_append(&loop->waiting, conn);
    loop->n_waiting++;
    if (uv_idle_start(&loop->turns, on_waiting) != 0) /* nothing when it is running */
        BUG("a handle without a callback");
}

void turn_leave(struct http_conn *conn)
{
    loop_remove(&conn->loop->waiting, conn);
    conn->loop->n_waiting--;
}
