/*
 * Room for a new connection where there are as many as may be: in all (max_connections, or no
 * descriptor is left), or of its address. One that waits for a request makes room, first
 *
 *  1. whoever has been silent for longest: no head has come from it, or for long only a part of
 *     one (the first in DEADLINE_HEAD's list), but for the few that have just come;
 *  2. then the one that has been idle for longest between two requests;
 *  3. then the eldest of those that have just come and sent nothing yet.
 *
 * A client whose bytes have arrived but are not read yet is none of them. That those who have just
 * come are few keeps a flood of new ones from driving out who is idle. The listener picks the loop
 * by what the loops publish, whose thread then picks the connection; where it has none any more,
 * the others are asked in turn. When nobody waits the new one is answered 503.
 *
 * One address has a share of all connections, beyond which it makes room for itself: IPv6 clients
 * have a /64 network and count by it. Addresses whose hashes meet in the table have one share.
 */
#include "http/internal.h"

#include "base/limits.h"

#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define NEW_MS 100     /* a client that has something to say has said it by then */
#define NEW_CONNS 16   /* most that have just come: others are silent, however short */
#define LOOKED_AT 1024 /* most connections of a list */
#define NETWORK_BYTES 8

/* ---- addresses ----------------------------------------------------------------------------- */

unsigned crowd_slot(struct str address)
{
    return (unsigned)(str_hash(str_sub(address, 0, NETWORK_BYTES)) % CROWD_SLOTS);
}

enum crowd crowd_of(const struct http_server *server, unsigned slot, bool full)
{
    const struct http_conf *conf = &server->conf;
    unsigned share = conf->max_connections / LIMIT_ADDRESS_SHARE;

    if (atomic_load(&server->crowd_slots[slot]) >= (share ? share : 1) &&
        (!conf->peers_are_clients || conf->peers_are_clients(conf->user)))
        return CROWD_ADDRESS;
    return full ? CROWD_SERVER : CROWD_NONE;
}

/* ---- the loop ------------------------------------------------------------------------------ */

static uint64_t first_due_ms(const struct http_loop *loop, enum http_deadline kind)
{
    return atomic_load_explicit(&loop->deadlines[kind].first_due_ms, memory_order_relaxed);
}

/* The one with the eldest connection of the list, among equals in turn; NULL: there is none. */
static struct http_loop *eldest(struct http_server *server, enum http_deadline kind)
{
    struct http_loop *best = NULL;
    uint64_t best_ms = UINT64_MAX;

    for (unsigned i = 0; i < server->n_loops; i++) {
        struct http_loop *loop = &server->loops[(server->next_loop + i) % server->n_loops];
        uint64_t due_ms = first_due_ms(loop, kind);

        if (due_ms != 0 && due_ms < best_ms) {
            best = loop;
            best_ms = due_ms;
        }
    }
    if (best)
        server->next_loop = best->number + 1;
    return best;
}

/* One where anybody waits, in turn; NULL: there is none. */
static struct http_loop *next_with_any(struct http_server *server)
{
    for (unsigned i = 0; i < server->n_loops; i++) {
        struct http_loop *loop = &server->loops[server->next_loop++ % server->n_loops];

        if (first_due_ms(loop, DEADLINE_HEAD) || first_due_ms(loop, DEADLINE_IDLE))
            return loop;
    }
    return NULL;
}

struct http_loop *crowd_loop(struct http_server *server, enum crowd crowd)
{
    struct http_loop *loop;

    if (crowd == CROWD_ADDRESS) /* where its own wait is not known: they are dealt out evenly */
        return next_with_any(server);
    loop = eldest(server, DEADLINE_HEAD);
    return loop ? loop : eldest(server, DEADLINE_IDLE);
}

/* ---- the connection ------------------------------------------------------------------------ */

/* One of the list that makes room for `conn`, due at `latest` or before; NULL: none does. */
static struct http_conn *find(const struct http_loop *loop, const struct http_conn *conn,
                              enum http_deadline kind, uint64_t latest_ms)
{
    struct http_conn *at = loop->deadlines[kind].first;

    for (int i = 0; at && at->due_ms <= latest_ms && i < LOOKED_AT; i++, at = at->later) {
        if ((conn->crowd != CROWD_ADDRESS || at->slot == conn->slot) &&
            (latest_ms != UINT64_MAX || at->in_at == at->in_n) && !conn_has_unread(at))
            return at;
    }
    return NULL;
}

/* Who waits for a head and is due by then has not just come. */
static uint64_t silent_due_ms(const struct http_loop *loop)
{
    uint64_t due_ms = uv_now(&loop->uv) + loop->server->deadline_ms[DEADLINE_HEAD] - NEW_MS;
    const struct http_conn *at = loop->deadlines[DEADLINE_HEAD].last;

    for (int i = 0; at && i < NEW_CONNS; i++)
        at = at->sooner;
    return at && at->due_ms > due_ms ? at->due_ms : due_ms;
}

static bool make_room(const struct http_loop *loop, const struct http_conn *conn)
{
    struct http_conn *leaves = find(loop, conn, DEADLINE_HEAD, silent_due_ms(loop));

    if (!leaves)
        leaves = find(loop, conn, DEADLINE_IDLE, UINT64_MAX);
    if (!leaves)
        leaves = find(loop, conn, DEADLINE_HEAD, UINT64_MAX);
    if (leaves)
        conn_close(leaves);
    return leaves != NULL;
}

void crowd_refuse(int fd)
{
    if (fd < 0)
        return;
    /* Best effort: an empty socket buffer takes it whole. */
    (void)send(fd, write_unavailable.p, write_unavailable.n, MSG_DONTWAIT | MSG_NOSIGNAL);
    (void)close(fd);
}

/* To the next loop. False: each has been asked, or the server drains. */
static bool pass_on(struct http_loop *loop, struct http_conn *conn)
{
    struct http_server *server = loop->server;
    struct http_loop *next = &server->loops[(loop->number + 1) % server->n_loops];

    if (++conn->n_asked >= server->n_loops)
        return false;
    atomic_fetch_add(&next->n_conns, 1); /* first: now it does not end, if it has not yet */
    if (atomic_load(&server->draining)) {
        atomic_fetch_sub(&next->n_conns, 1);
        loop_wake(next); /* it may have waited for this one */
        return false;
    }
    loop_give(next, conn);
    loop_conn_done(loop);
    return true;
}

void crowd_open(struct http_loop *loop, struct http_conn *conn)
{
    bool room = conn->crowd == CROWD_NONE || make_room(loop, conn);

    conn->loop = loop;
    if (room && conn->fd >= 0) {
        conn_open(loop, conn);
        return;
    }
    if (!room && pass_on(loop, conn))
        return;
    crowd_refuse(conn->fd);
    crowd_left(conn);
    free(conn);
    loop_conn_done(loop);
}
