/*
 * realtime/internal: the hub. Private to realtime/.
 */
#ifndef REEVE_REALTIME_INTERNAL_H
#define REEVE_REALTIME_INTERNAL_H

#include "realtime/client.h"
#include "realtime/judge.h"
#include "realtime/log.h"
#include "realtime/rooms.h"

/* --- rooms ------------------------------------------------------------------------------------ */

#define ROOM_BUCKETS 1024

/* The hub's thread alone. */
struct rooms {
    struct room *by_name[ROOM_BUCKETS];
    struct room *counting;     /* whose number is to be told */
    uint64_t count_us;         /* not before */
    struct client *doubted;    /* by the end of the note */
    struct settings *settings; /* whose rule is asked; counted; NULL: none yet */
    unsigned round;            /* questions of one have one answer an audience */
};
/* The client's new places, while those it had are still there. */
void rooms_place(struct hub *hub, struct client *client, const struct place *places, size_t n);
/* What rules say of the client may be another thing by now. */
void rooms_doubt(struct client *client);
/* Behind each note: what is doubtful is asked, and told. */
void rooms_settle(struct hub *hub);
/* When there is something to settle, if before next_us. */
uint64_t rooms_next_us(const struct hub *hub, uint64_t next_us);

/* claim.c: the client is one that who asks may act as; a reference to it. Errors of
 * hub_subscribe(). */
struct err *client_missing(struct arena *a);
MUST_CHECK struct err *client_claim(struct arena *a, struct hub *hub, struct db_conn *conn,
                                    const struct schema *schema, const struct hub_wish *wish,
                                    struct client **ret);

/* --- the hub --------------------------------------------------------------------------------- */

#define HUB_PINS 8

/* A snapshot of the state before a commit with deletes. */
struct pin {
    struct db_conn *conn; /* NULL: not opened yet; who takes the last reference has it */
    /* under hub->lock */
    unsigned refs;
    unsigned n_aside; /* of those, of the thread that is slow */
};

/* What has come of it all. */
struct tally {
    uint64_t events, bytes; /* that clients were given */
    uint64_t ended[HUB_ENDS];
};

struct tally_second {
    uint64_t at_s; /* by clock_us() */
    uint64_t events, bytes;
};
#define TALLY_SECONDS 60

struct hub {
    struct hub_conf conf;
    struct rec_feed feed;
    pthread_t thread;

    /* the committing thread's */
    bool is_committing;    /* before_commit() was called, and after_commit() not yet */
    struct pin *committed; /* of that; NULL: there was none to be had */

    pthread_mutex_t lock;
    pthread_cond_t told;
    /* under lock */
    struct note *first, **end;
    struct pin pins[HUB_PINS];
    size_t n_queued; /* changes that wait */
    size_t n_bytes;  /* of them, and of messages */
    bool cut;        /* others were too many */
    bool stopping;
    struct client *by_id[HUB_BUCKETS];

    /* written by the hub's thread under `seen`, which others read it under; it reads as it likes */
    pthread_mutex_t seen;
    struct topics topics; /* with the clients' places */
    struct client *clients;
    struct client **in_order;     /* the same, by their numbers: a page is found without a walk */
    size_t n_clients, n_in_order; /* there is room for so many */
    size_t n_places;
    struct tally tally;
    struct tally_second seconds[TALLY_SECONDS];

    /* the hub's thread */
    struct rooms rooms;
    struct client *by_identity[HUB_BUCKETS]; /* by the records that they hear as */
    uint64_t last_number;                    /* of a client */
    struct tally fresh;                      /* what is not in `tally` yet */
    struct schema *schema;                   /* of the last change; counted */
    struct schema *announced; /* the last one that was published; counted; NULL: none was */
    struct desk desk;
    _Atomic uint64_t
        last_change; /* the number of the last one that was told; others only read it */
    struct replay replay;
    struct aside aside;
    bool woken; /* loops are to be */
    struct client *ending;

    /* constant: of a client */
    void (*arrived)(struct hub *hub, struct note *note);
    void (*left)(struct hub *hub, struct note *note);
};

/* With hub->lock. */
void hub_tell(struct hub *hub, struct note *note);
struct client *hub_find_client(struct hub *hub, struct str id); /* NULL: there is none */
/* On the client's loop. */
void hub_add_client(struct hub *hub, struct client *client);
/* On the hub's thread: nobody finds it any more. */
void hub_remove_client(struct hub *hub, struct client *client);
/* clients.c: on the hub's thread. Who it hears as; NULL: a guest, or nothing is subscribed. */
const struct identity *client_identity(const struct client *client);
/* It has other places now. */
void clients_index(struct hub *hub, struct client *client);
/* The first, by same_next, of those who may hear as a record: look at who they are. */
struct client *clients_as(const struct hub *hub, struct str col, struct str id);

/* On the hub's thread: its places, in place of what it had. What writes are to tell for them has
 * been asked for: each name's collection, and the identity's. */
void hub_place(struct hub *hub, struct client *client, const struct identity *identity,
               const struct str *names, size_t n);
/* The same names but one (p NULL: all of them), as another identity (NULL: the same). */
void hub_place_anew(struct hub *hub, struct client *client, const struct identity *identity,
                    struct str but);
/* places.c: its stream is closed for that; it has no places any more behind the note. */
void hub_end(struct hub *hub, struct client *client, enum hub_end why);
void hub_end_now(struct hub *hub);
/* Something is lost: all clients are to connect anew. */
void hub_cut(struct hub *hub);
/* By the hub's thread: the loops will be woken. */
void hub_wake_later(struct hub *hub);

/* oauth2.c: a subscription of exactly that name hears of no records, but of one code. */
#define TOPIC_OAUTH2 STR("@oauth2")

/* report.c: by the hub's thread, now and then: what is fresh counts. */
void hub_settle(struct hub *hub);
/* report.c: with hub->seen, by the hub's thread. */
void hub_list_add(struct hub *hub, struct client *client);
void hub_list_remove(struct hub *hub, const struct client *client);

/* announce.c: a subscription of that name hears, if it is a superuser's, of changed collections. */
#define TOPIC_SCHEMA STR("@reeve/schema")

/* pin.c */
/* By the committing thread, for changes of this commit. NULL: there is none. */
struct pin *pin_ref(struct hub *hub);
void pin_unref(struct hub *hub, struct pin *pin); /* NULL is fine */

#endif
