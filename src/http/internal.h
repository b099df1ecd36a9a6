/*
 * http/internal: what the files of this folder share.
 *
 * A connection and its exchange belong to one loop; only that loop's thread touches them, except
 * where a field says otherwise.
 */
#ifndef REEVE_HTTP_INTERNAL_H
#define REEVE_HTTP_INTERNAL_H

#include "http/server.h"

#include <llhttp.h>
#include <stdatomic.h>
#include <string.h>
#include <uv.h>

#define IN_BYTES ((size_t)16 * 1024)      /* a read buffer as it starts */
#define SCRATCH_BYTES ((size_t)64 * 1024) /* a loop's, for what is copied or dropped at once */
#define LOOP_KEPT 64                      /* read buffers and exchanges a loop keeps for reuse */
#define LINGER_MS 2000                    /* dropping what still comes before a close */
#define LEFT_MS 2000                      /* a read goes on for after its client has sent a FIN */
#define DATE_LINE_LEN 37                  /* "Date: Mon, 02 Jan 2006 15:04:05 GMT" CR LF */
#define PEER_MAX 40                       /* a fully expanded IPv6 address and a NUL */
#define CROWD_SLOTS 16384                 /* addresses are counted in */
#define CROWD_SLACK 8                     /* connections beyond, while others make room */
#define WATCH_BYTES 100 /* of a request's method and path, as watch.c tells them */

/* Each deadline has one length, so a list in order of arrival is in order of time too. */
enum http_deadline {
    DEADLINE_IDLE,
    DEADLINE_HEAD,
    DEADLINE_BODY,
    DEADLINE_WRITE,
    DEADLINE_LINGER,
    DEADLINE_LEFT,
    DEADLINE_KINDS,
    DEADLINE_NONE = DEADLINE_KINDS,
};

/* conn.c has a row for each: what is read, until when, and what a FIN means. */
enum http_state {
    CONN_IDLE,   /* between requests */
    CONN_HEAD,   /* part of a head is there, or nothing yet of the first one */
    CONN_TURN,   /* more is there, and the loop's other connections come first */
    CONN_BODY,   /* a head is there, its body is not */
    CONN_SINK,   /* the sink of its body has the exchange */
    CONN_BUSY,   /* the handler has the request */
    CONN_WRITE,  /* an answer waits for the client to read */
    CONN_FETCH,  /* a pool thread has the exchange, to read a piece of its file */
    CONN_STREAM, /* all that there is of an answer is out, and more may come */
    CONN_LINGER, /* the answer is out; what still comes is dropped, then we close */
    CONN_CLOSED, /* the socket is gone or going; the handler may still have the request */
};

/* Of what there are as many as may be when a connection comes. */
enum crowd { CROWD_NONE, CROWD_SERVER, CROWD_ADDRESS };

enum http_ending { ENDING_NOT, ENDING_RESTART, ENDING_STOP };

/* How the end of a request's body is found. */
enum http_framing { BODY_NONE, BODY_LENGTH, BODY_CHUNKED };

struct exchange;

/* Pauses of requests end at the next tick, and are kept by it: the longest has its slot to itself
 * until then. */
#define PAUSE_TICK_MS 8
#define PAUSE_SLOTS 64

/* An answer whose bytes come as they come (stream.c). */
struct stream {
    const struct req_stream_events *events; /* NULL: it is none */
    void (*gone)(struct exchange *ex);      /* its connection is closed */
    void (*stop)(struct exchange *ex);      /* the server stops */
    struct buf waiting, sending;
    size_t held;   /* by its user, in bytes */
    bool chunked;  /* HTTP/1.1 without a size */
    bool sized;    /* its size was told: */
    uint64_t left; /* ... how much of it is still to come */
    bool busy;     /* libuv has `sending` */
    bool told;     /* of its end */
    bool closing;  /* the user has let go */
    bool lost;     /* bytes are missing: it cannot go on */
};

/* One request with its answer; recycled. */
struct exchange {
    struct req req;
    struct exchange *next; /* in the loop's list of spare ones */
    struct http_conn *conn;
    uv_write_t write;

    enum http_framing framing;
    uint64_t length; /* BODY_LENGTH */
    bool http10;
    bool keep;           /* the client wants the connection kept */
    bool expects;        /* 100-continue */
    bool in_place;       /* the body lies in the read buffer */
    bool linger;         /* what the client still sends is dropped before the close */
    enum sink_says says; /* when it is resumed */
    bool complete;       /* all of the body has come */
    bool ended;          /* the sink was told of the body's end */
    uint64_t got;        /* bytes of the body, as decoded */
    uint64_t limit;      /* most of them, where the length is not known */
    uint64_t raw;        /* bytes of a chunked body as they came */
    llhttp_t chunks;
    bool chunks_done, chunks_broken;
    struct buf body; /* one that is not in place */
    struct buf head; /* of the answer */
    struct stream stream;
    uint64_t paused_until_ms; /* 0: it is not paused */
    struct exchange *paused_before, *paused_after;
    size_t unread; /* bytes of it, charged to the server's unread_bytes */
    char *piece;   /* of a file, on its way; a spare buffer */
    bool fetched;  /* the next piece of the file is in the cache, or will not be */
};

/* How a connection gets on, while memory is short (pressure.c). */
struct pace {
    uint64_t n_read; /* when it was last looked at */
    uint64_t taken;
    unsigned bytes; /* moved between two looks: an average in which the last ones count most */
    bool seen;
};

struct http_conn {
    uv_tcp_t tcp;
    struct http_loop *loop;
    struct http_conn *older, *newer;  /* all of the loop's */
    struct http_conn *sooner, *later; /* in the list of its deadline, or of those who wait */
    uint64_t due_ms;
    uint64_t turn_ns;          /* when its turn began */
    unsigned round;            /* the loop's, of that turn */
    unsigned served;           /* requests in it */
    struct exchange *exchange; /* NULL between requests */

    char *in; /* NULL while idle */
    size_t in_n, in_cap;
    size_t in_at;     /* start of what is not consumed yet */
    size_t scanned;   /* of the head, from in_at: no end in there */
    size_t line_at;   /* start of its last line, from in_at */
    uint64_t dropped; /* CONN_LINGER: bytes so far */
    uint64_t n_read;  /* bytes, since it was opened */
    uint64_t n_sent;  /* bytes handed to the kernel or to libuv, since then */
    uint64_t taken;   /* CONN_WRITE: of these, when its deadline began */
    struct pace pace;

    int fd; /* on its way from the listener; -1: only room is wanted (crowd.c) */
    enum http_state state;
    enum http_deadline deadline;
    bool reading;
    bool parsing;     /* conn_input() is on the stack */
    bool eof;         /* the client has sent a FIN: nothing more comes */
    bool settles;     /* a stop came while it waited for its turn: answers what is whole, and reads
                         nothing more */
    bool handle_gone; /* libuv has let go of the socket */
    enum crowd crowd; /* somebody must leave before it is opened */
    unsigned n_asked; /* loops */
    unsigned slot;    /* of its address, in crowd_slots */
    uint8_t peer_n;
    char peer[PEER_MAX];
};

/* Of connections, linked by `sooner` and `later`. */
struct conn_list {
    struct http_conn *first, *last;
    atomic_ullong first_due_ms; /* 0: the list is empty; any thread reads it */
};

/* A piece of work on a loop's thread, while it is watched (watch.c). */
struct watch {
    uint64_t limit_us; /* 0: none; constant */
    uint64_t began_us; /* the thread's CPU time, when the one before ended */
    size_t request_n;
    char request[WATCH_BYTES]; /* the last one that it was about; it may be gone */
};

struct http_loop {
    /* set before its thread starts, constant after */
    struct http_server *server;
    unsigned number;
    uv_loop_t uv;
    uv_async_t async; /* uv_async_send: any thread */

    /* any thread */
    _Atomic(struct req *) inbox;            /* newest first */
    _Atomic(struct http_conn *) conn_inbox; /* newest first */
    atomic_uint n_conns;                    /* with those on their way */
    atomic_uint n_in_flight;                /* written by the loop alone */
    atomic_ullong n_requests;               /* written by the loop alone */
    atomic_bool pressed; /* its connections make room; written by the loop alone */
    atomic_bool turned;  /* since it was last asked (alive.c) */

    /* the loop's thread only */
    pthread_t thread;
    uv_timer_t timer;
    uint64_t timer_due_ms; /* 0: not armed */
    struct conn_list deadlines[DEADLINE_KINDS];
    struct exchange *pauses[PAUSE_SLOTS]; /* by the tick at which they end */
    uint64_t pauses_tick;                 /* the last one whose pauses have ended */
    size_t n_paused;
    uv_prepare_t rounds;
    unsigned round;           /* it may wrap */
    uv_idle_t turns;          /* runs while somebody waits */
    struct conn_list waiting; /* in CONN_TURN, the longest first */
    size_t n_waiting;
    struct http_conn *conns; /* newest first */
    struct exchange *spare_exchanges;
    void *spare_buffers; /* each holds the address of the next */
    unsigned n_spare_exchanges, n_spare_buffers;
    uv_timer_t pressure;
    uv_prepare_t pressure_rounds;
    bool draining;
    uint64_t drain_due_ms;
    bool ended;
    int64_t date_s;      /* -1: none yet */
    unsigned date_round; /* when it was last looked at */
    char date_line[DATE_LINE_LEN + 1];
    char *scratch; /* SCRATCH_BYTES, never touched before it is needed */
    struct watch watch;
};

/* What the lower files of this folder call without knowing it: loop.c, turn.c and conn.c are told
 * here what lies above them (run.c). */
struct http_calls {
    void (*input)(struct http_conn *conn); /* goes on with what is in the buffer */
    /* The next bytes of a body that does not lie in there. */
    void (*body)(struct http_conn *conn, const char *p, size_t n);
    void (*refuse_body)(struct http_conn *conn); /* it has taken too long */
    void (*late)(struct http_conn *conn);        /* a deadline has passed */
    void (*turn)(struct http_conn *conn);        /* it is its turn again */
    void (*drain)(struct http_loop *loop);       /* the loop drains, and a timer is due */
};

struct http_server {
    const struct http_calls *calls;
    struct http_conf conf;
    struct router *router;
    struct str *origins;
    size_t n_origins;
    bool any_origin;
    uint64_t deadline_ms[DEADLINE_KINDS];

    int listen_fd;
    int spare_fd; /* given up to take and refuse a connection when no descriptor is left */
    uint16_t port;
    /* first loop's thread */
    uv_poll_t listener;
    uv_poll_t stop_watch; /* of accept_catch_signals()'s descriptor */
    bool watching;        /* it was started */
    bool listening;
    uv_timer_t retry; /* ends a pause of the listener */
    unsigned next_loop;

    struct http_loop *loops;
    unsigned n_loops;
    uv_timer_t alive; /* conf.alive is due */
    bool terminal;    /* there was one at the start */
    /* any thread */
    atomic_int ending;          /* an enum http_ending */
    atomic_bool draining;       /* set by the first loop once nothing is accepted any more */
    atomic_ullong unread_bytes; /* of answers that wait for their readers */
    atomic_uint *crowd_slots;   /* CROWD_SLOTS: connections by address */
    atomic_bool paused;         /* the listener is not looked at; the first loop writes it */
};

static inline struct exchange *exchange_of(struct req *req)
{
    return (struct exchange *)(void *)((char *)req - offsetof(struct exchange, req));
}

static inline uv_buf_t piece_of(struct str s)
{
    uv_buf_t piece = uv_buf_init(NULL, (unsigned)s.n);

    memcpy(&piece.base, &s.p, sizeof(piece.base)); /* it has no const, but is not written to */
    return piece;
}

/* accept.c: first loop's thread */
struct err *accept_listen(struct arena *a, struct http_server *server);
/* From here on SIGTERM, SIGINT and SIGHUP end nothing by themselves. */
MUST_CHECK struct err *accept_catch_signals(struct arena *a, struct http_server *server);
void accept_start(struct http_server *server);
void accept_stop(struct http_server *server);
void accept_resume(struct http_server *server);  /* after a pause, if there is one */
void accept_end(struct http_server *server);     /* signals are not looked at any more */
struct str accept_host(struct arena *a, int fd); /* as it stands in a URL */

/* alive.c: first loop's thread */
void alive_start(struct http_server *server);
void alive_stop(struct http_server *server);

/* crowd.c */
unsigned crowd_slot(struct str address); /* the bytes of one */
/* For one more connection; full: there are as many as may be. */
enum crowd crowd_of(const struct http_server *server, unsigned slot, bool full);
/* Where somebody may make room; NULL: nobody waits anywhere. First loop's thread. */
struct http_loop *crowd_loop(struct http_server *server, enum crowd crowd);
/* Opens a connection that was dealt to the loop, if there is or can be made room for it. */
void crowd_open(struct http_loop *loop, struct http_conn *conn);
void crowd_refuse(int fd); /* 503; -1 is fine; any thread */
/* A connection is about to be freed. */
static inline void crowd_left(struct http_conn *conn)
{
    atomic_fetch_sub(&conn->loop->server->crowd_slots[conn->slot], 1);
}

/* run.c */
/* False: the system refuses a descriptor. */
MUST_CHECK bool run_init(struct arena *a, struct http_loop *loop, struct http_server *server,
                         unsigned number);
void run_loop(void *arg); /* a struct http_loop */
void run_close(struct http_loop *loop);

/* loop.c */
void loop_wake(struct http_loop *loop);                 /* any thread */
void loop_stop(struct http_server *server);             /* any thread: the server drains */
void loop_restart(struct http_server *server);          /* any thread: the same, unless it does */
void loop_arm(struct http_loop *loop, uint64_t due_ms); /* the timer, if it is not due before */
void loop_on_timer(uv_timer_t *timer);
/* For the counters that the loop alone writes: no bus lock. */
static inline void loop_count(atomic_uint *counter, unsigned by)
{
    unsigned now = atomic_load_explicit(counter, memory_order_relaxed);

    atomic_store_explicit(counter, now + by, memory_order_relaxed);
}
void loop_give(struct http_loop *loop, struct http_conn *conn); /* any thread */
void loop_append(struct conn_list *list, struct http_conn *conn);
void loop_remove(struct conn_list *list, struct http_conn *conn);
void loop_deadline(struct http_conn *conn, enum http_deadline kind);
void loop_conn_done(struct http_loop *loop); /* one connection less */
void loop_end_pause(struct http_conn *conn); /* now, if its request is paused */
const char *loop_date_line(struct http_loop *loop);

/* watch.c: a warning where a piece of work takes more than the loop's limit; the loop's thread */
void watch_start(struct http_loop *loop); /* before the first piece */
void watch_name(const struct http_conn *conn);
void watch_stop(struct http_loop *loop, const char *what);
/* What the piece of work is about, where that is known. */
static inline void watch_request(const struct http_conn *conn)
{
    if (conn->loop->watch.limit_us)
        watch_name(conn);
}
/* It is over, and what follows is the next one's. what: a literal. */
static inline void watch_end(struct http_loop *loop, const char *what)
{
    if (loop->watch.limit_us)
        watch_stop(loop, what);
}

/* turn.c: how much one connection has before the others */
void turn_init(struct http_loop *loop);
void turn_close(struct http_loop *loop);
void turn_count(struct http_conn *conn); /* a request of it begins */
bool turn_is_over(const struct http_conn *conn);
void turn_wait(struct http_conn *conn);  /* conn_enter() alone: to the end of those who wait */
void turn_leave(struct http_conn *conn); /* conn_enter() alone */

/* pressure.c: who makes room while memory is short */
void pressure_init(struct http_loop *loop);
void pressure_close(struct http_loop *loop);

/* spare.c: memory that a loop recycles */
struct exchange *exchange_get(struct http_conn *conn);
void exchange_put(struct http_loop *loop, struct exchange *ex);
/* Gives back all but the answer, which is on its way. */
void exchange_shrink(struct exchange *ex);
char *spare_buffer_get(struct http_loop *loop);
void spare_buffer_put(struct http_loop *loop, char *p, size_t cap);
void spare_free(struct http_loop *loop);

/* conn.c */
void conn_open(struct http_loop *loop, struct http_conn *conn);
/* Sets the state; reading and the deadline follow. */
void conn_enter(struct http_conn *conn, enum http_state state);
/* n bytes behind in_n, or as many as a head may have. False: memory is short, there is no more. */
MUST_CHECK bool conn_room(struct http_conn *conn, size_t n);
/* Gives back the read buffer, if there is nothing in it: nobody needs the request any more. */
void conn_unused(struct http_conn *conn);
/* Answers 503 in place of a request that is not whole, and ends. */
void conn_shed(struct http_conn *conn);
void conn_next(struct http_conn *conn);             /* an exchange is over */
void conn_settle(struct http_conn *conn);           /* all is answered that is whole */
bool conn_has_unread(const struct http_conn *conn); /* in the kernel */
/* Bytes that the client has taken since the connection was opened. */
uint64_t conn_taken(const struct http_conn *conn);
void conn_turn(struct http_conn *conn); /* it is its turn again */
/* The server stops, and the request in hand is the last one. */
static inline bool conn_drains(const struct http_conn *conn)
{
    return conn->loop->draining && !conn->settles;
}
void conn_close(struct http_conn *conn);
/* The same with a reset, so that nobody takes it for the end of what was sent. */
void conn_reset(struct http_conn *conn);
void conn_expired(struct http_conn *conn); /* its deadline has passed */
void conn_drain(struct http_conn *conn);   /* the server stops: closes what is idle */
void conn_abandon(struct http_conn *conn); /* the time to drain is over */

/* intake.c */
void intake_input(struct http_conn *conn); /* goes on with what is in the buffer */

/* gather.c */
void gather_begin(struct http_conn *conn); /* a head with a body is there */
/* Takes what the buffer has of the body. True: the request is over, a next one may follow. */
bool gather_body(struct http_conn *conn);
/* Takes bytes that are not in the buffer. */
void gather_bytes(struct http_conn *conn, const char *p, size_t n);
void gather_late(struct http_conn *conn); /* a body has taken too long */
void gather_skip(struct http_conn *conn); /* the answer comes before the body: nobody wants it */
void gather_dispatch(struct http_conn *conn); /* to the handler */

/* head.c */
/* A refusal by the HTTP layer: `line` is status and reason, as in the status line and the body. */
struct http_refusal {
    const char *line;
    const char *headers;
    const char *body;
    bool mirrors; /* the request's version, in the status line */
    bool keeps;   /* the connection may go on */
};
extern const struct http_refusal http_refusals[];
enum http_refused {
    REFUSED_NOT, /* the request goes on */
    REFUSED_BAD,
    REFUSED_NO_HOST,
    REFUSED_BAD_HOST,
    REFUSED_HEAD_SIZE,
    REFUSED_EXPECT,
    REFUSED_CODING,
    REFUSED_VERSION,
    REFUSED_CONNECT,
    REFUSED_STAR,
    REFUSED_TIMEOUT,
    REFUSED_OPTIONS_STAR, /* not refused, but answered by the server */
    REFUSED_KINDS,
};
/* Whether the request line, up to its LF, can be the start of a request. */
bool head_line_ok(struct str line);
/* Reads a whole head, up to and with its empty line, into the exchange. */
enum http_refused head_parse(struct exchange *ex, struct str head);
/* The parser for a chunked body, past its head. */
void head_chunk_parser(llhttp_t *parser, struct exchange *ex);

/* send.c */
/* Sends the exchange's head and this body, or the answer's file, then goes on with the connection.
 * The body must stay until then. */
void send_answer(struct exchange *ex, struct str body);
void send_file(struct exchange *ex);

/* req.c */
void req_drop_file(struct resp *resp); /* closes it, if there is one */

/* write.c */
void write_refusal(struct http_conn *conn, enum http_refused refused);
void write_redirect(struct http_conn *conn, struct str path);
void write_options(struct http_conn *conn);
void write_continue(struct http_conn *conn);
void write_err(struct http_conn *conn, enum err_kind kind); /* and closes */
extern const struct str write_unavailable;                  /* a whole answer: 503, and the end */
void write_stream_head(struct exchange *ex);

/* target.c */
struct target {
    struct str path;  /* as escaped: what routes are matched with */
    struct str query; /* without the question mark; p NULL: none */
};
/* What Go's url.ParseRequestURI takes. False: 400. */
bool target_parse(struct arena *a, struct str method, struct str text, struct target *ret);
/* The path without empty, '.' and '..' segments; the same slice where it is clean. */
struct str target_clean(struct arena *a, struct str path);

/* cors.c */
void cors_init(struct arena *a, struct http_server *server);
/* The value for Access-Control-Allow-Origin, or a slice with p NULL. */
struct str cors_origin(const struct http_server *server, struct str origin);

#endif
