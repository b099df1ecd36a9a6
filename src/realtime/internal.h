/*
 * realtime/internal: clients, what they subscribe to, and who that is for. Private to realtime/.
 *
 *   topic      "posts/{id}", or with a star in its place: what a change is looked up by
 *   audience   a topic as one asks for it: the same options, the same identity. Who is in one sees
 *              the same events, so it is judged and written once for all of them.
 *   place      of a client in an audience
 */
#ifndef REEVE_REALTIME_INTERNAL_H
#define REEVE_REALTIME_INTERNAL_H

#include "base/buf.h"
#include "base/map.h"
#include "realtime/realtime.h"
#include "realtime/rooms.h"

#include <pthread.h>

#define CLIENT_ID_CHARS 40
#define REPLAY_EPOCH_CHARS 12
#define HUB_BUCKETS 4096

/* --- who it is for --------------------------------------------------------------------------- */

/* A record that tokens are of, for as long as it has that key. */
struct identity {
    struct str col; /* id; empty: a guest */
    struct str id;
    struct str key; /* its token key, with its collection's secret */
};
/* In `a`; auth NULL: a guest. */
struct identity identity_of(struct arena *a, const struct rec *auth);
struct identity identity_copy(struct arena *a, const struct identity *identity);
bool identity_eq(const struct identity *x, const struct identity *y); /* the same record */
/* One that is kept with its texts, in a block of no more than they need: there are as many as
 * clients. Zeroed: a guest. */
struct bound {
    struct identity identity;
    char *texts; /* NULL: there are none */
};
void bound_set(struct bound *bound, const struct identity *identity);
void bound_free(struct bound *bound);
/* Its record by now; *ret NULL: there is none with that key. */
MUST_CHECK struct err *identity_find(struct arena *a, struct db_conn *conn,
                                     const struct schema *schema, const struct identity *identity,
                                     struct rec **ret);

/* --- topics ---------------------------------------------------------------------------------- */

/* A subscription as it is spelt: "posts/{id}?options=…". */
struct topic_name {
    struct str key;        /* up to the question mark */
    struct str collection; /* up to the first slash of that */
};
struct topic_name topic_name_of(struct str name);

struct topic_options {
    const struct query_pair *query, *headers;
    size_t n_query, n_headers;
    struct str filter, expand, fields;
};
/* In `a`. What cannot be read is none. */
struct topic_options topic_options_of(struct arena *a, struct str name);

/* The hub's thread alone. */
struct place {
    struct client *client;
    struct audience *audience;
    struct place *prev, *next; /* of the audience */
    /* where the log goes on for it, or the client's cursor, if that is behind it; 0: it is told of
     * what happens */
    uint64_t behind;
};

/* There may be thousands that nothing is ever told: what is read from the name comes late. */
struct audience {
    struct topic *topic;
    struct str name; /* the subscription, which is its events' name */
    struct identity identity;
    struct place *first;
    struct audience *prev, *next;    /* of the topic */
    struct audience *next_in_bucket; /* of the index */
    /* as it is asked for a schema; judge.c */
    struct arena *known;   /* in which the following lies; NULL: it does not, yet or anew */
    struct schema *schema; /* of the actor; counted */
    struct rec_actor actor;
    struct topic_options options;
    const struct query_picker
        *picker; /* of options.fields; NULL: everything, as where they are none */
    /* of a room: what was asked last, and the answer; rooms.c */
    unsigned room_round;
    bool room_may;
    /* asking the database is for the thread that is slow; aside.c */
    bool is_aside;
    size_t n_aside; /* what that has not answered yet */
    char texts[];   /* name and identity */
};
/* What it is asked by is anew. */
void audience_forget(struct audience *audience);

struct topic {
    struct str key;
    size_t n_places; /* of its audiences */
    struct audience *first;
    struct topic *next_in_bucket;
    char text[]; /* of the key */
};

struct topics {
    struct topic *by_key[HUB_BUCKETS];
    struct audience *audiences[HUB_BUCKETS]; /* by name and identity */
};
struct topic *topics_find(const struct topics *topics, struct str key); /* NULL: nobody */
struct audience *topics_find_audience(struct topics *topics, struct str name,
                                      const struct identity *identity); /* NULL: nobody */
/* The client gets a place there. */
void topics_join(struct topics *topics, struct str name, const struct identity *identity,
                 struct client *client, struct place *ret);
/* It is of no audience afterwards, which may be gone. */
void topics_leave(struct topics *topics, struct place *place);

/* --- clients --------------------------------------------------------------------------------- */

/* What the hub's thread is told, in the order in which it happened. */
struct note {
    struct note *next;
    void (*run)(struct hub *hub, struct note *note);
};

struct client {
    struct note arrived, left; /* each is told once */
    char id[CLIENT_ID_CHARS + 1];
    struct hub *hub;
    atomic_uint refs;

    /* under hub->lock */
    struct client *next_in_bucket;
    struct bound bound;
    struct buf ip;
    bool hears_oauth2; /* has the topic, or will have once its last wish is carried out */

    /* the loop's */
    struct buf sending;         /* what it has taken of `pending` */
    size_t sent;                /* of that */
    atomic_size_t left_to_send; /* of that, for whoever asks */

    pthread_mutex_t lock; /* behind hub->lock, where both are held */
    struct req *req;      /* while it is not over */
    struct buf pending;   /* what its loop is to send */
    bool scheduled;       /* its loop is on the way */
    bool over;            /* nobody reads it any more */
    bool closing;         /* once what is pending is sent */
    bool lost;            /* it has not kept up, and is closed at once */

    /* the hub's thread */
    struct client *prev, *next; /* of all that are connected */
    bool has_left;
    struct place *places;
    size_t n_places;
    struct client *same_next, **same_at; /* of hub->by_identity; same_at NULL: it is a guest */
    struct member *rooms;                /* that it is in */
    struct client *next_doubted;         /* of rooms.doubted */
    bool is_doubted; /* whether it is to be in the rooms of its places is asked */
    bool is_other;   /* ... of those, too, in which it is */
    uint64_t begun_us, sent_us;
    int64_t connected_ms; /* constant */
    uint64_t number;      /* the hub's thread sets it, under hub->seen */

    /* constant: it asked for replay, and comes back from a stream that ended */
    bool replays, comes_back;
    uint64_t position; /* of its last event then; 0: nobody knows */

    /* the hub's thread: of who has places that are behind */
    struct client *behind_prev, *behind_next;
    bool is_behind;
    uint64_t cursor; /* what the log tells it next */
};

void client_unref(struct client *client);
/* By the hub's thread: an event, of the change with that number. What is too much ends the stream.
 */
void client_send(struct client *client, struct str name, struct str data, uint64_t number);
/* More of the log is to wait until its client has read some. */
bool client_is_full(struct client *client);
/* Ends the stream, once what is pending is sent. False: it is over, or ends already. Any thread. */
bool client_close(struct client *client);

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

/* subscribe.c: the client is one that who asks may act as; a reference to it. Errors of
 * hub_subscribe(). */
MUST_CHECK struct err *client_claim(struct arena *a, struct hub *hub, struct db_conn *conn,
                                    const struct schema *schema, const struct hub_wish *wish,
                                    struct client **ret);

/* --- the hub --------------------------------------------------------------------------------- */

struct logged {
    struct logged *next;
    struct rec_changes *changes;
    uint64_t last; /* the number of its last change */
    uint64_t at_us;
    size_t bytes;
};

/* Of a client, by the keys of topics: what the log is told to. */
struct behind {
    struct place *place;
    struct behind *next; /* of the same topic */
};

struct replay {
    char epoch[REPLAY_EPOCH_CHARS]; /* constant: names this process */
    struct logged *first, **end;
    size_t bytes;
    uint64_t since; /* the first number that the log has, or will have */
    size_t n_clients;
    uint64_t left_us; /* clock_us(): when the last one that is gone has left; 0: none has, ever */
    /* by slots of the feed; 0: not, ever */
    uint64_t lingers_since_us[REC_FEED_SLOTS];
    uint64_t wanted_since[REC_FEED_SLOTS];
    struct client *behind, *behind_end; /* who is told from the log, in turn */
    /* by names, of events that come later than others with higher numbers: how many are to come,
     * and the highest number when the last one came */
    uint32_t late[REC_FEED_SLOTS];
    uint64_t late_until[REC_FEED_SLOTS];
};

#define HUB_PINS 8

/* A snapshot of the state before a commit with deletes. */
struct pin {
    struct db_conn *conn; /* NULL: not opened yet; who takes the last reference has it */
    /* under hub->lock */
    unsigned refs;
    unsigned n_aside; /* of those, of the thread that is slow */
};

/* What a thread judges in. */
struct desk {
    struct arena *scratch; /* of what is asked about one change */
    struct arena *kept;    /* of one unit's messages */
};
void desk_init(struct desk *desk);
void desk_clear(struct desk *desk);
void desk_free(struct desk *desk);

/* The thread for what takes long to ask (aside.c). */
struct aside {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t told;
    /* under lock */
    struct question *first, **end;
    size_t n, bytes; /* that wait; of the units they are about */
    bool stopping;

    /* the hub's thread: what is asked behind the unit, in its order */
    struct question *asked, **asked_end;

    struct desk desk; /* its own */
    bool is_running;
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
/* On the hub's thread: its places, in place of what it had. What writes are to tell for them has
 * been asked for: each name's collection, and the identity's. */
void hub_place(struct hub *hub, struct client *client, const struct identity *identity,
               const struct str *names, size_t n);
/* The same names but one (p NULL: all of them), as another identity (NULL: the same). */
void hub_place_anew(struct hub *hub, struct client *client, const struct identity *identity,
                    struct str but);
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

/* deliver.c: on the hub's thread. pin: a snapshot of the state before them; NULL: there is none, as
 * nothing was deleted. Numbers them. False: some could not be judged. */
bool deliver_changes(struct hub *hub, struct rec_changes *changes, struct pin *pin);
/* An event, to all of its places that are not behind. */
void audience_send(struct audience *audience, struct str data, uint64_t number);
/* Again, to places that are behind: a map of their topics to struct behind. From a number on, for
 * as long as the thread has not run until then (clock_thread_cpu_us()), but one change at least.
 * What the next number is; 0: that they cannot be told. */
uint64_t deliver_again(struct hub *hub, struct rec_changes *changes, const struct map *behind,
                       uint64_t from, uint64_t until_us);

/* log.c, replay.c: on the hub's thread, but for ids, which are anybody's. */
void replay_init(struct hub *hub);
void replay_free(struct hub *hub);
/* Of the id that a client has had last; 0: it is none of this process. */
uint64_t replay_position(const struct hub *hub, struct str last_id);
void replay_add_id(struct buf *out, const struct client *client, uint64_t number);
/* Told changes, where anybody may come back for them; takes them. */
void replay_keep(struct hub *hub, struct rec_changes *take_changes, size_t bytes);
void replay_cut(struct hub *hub); /* some are lost */
/* A client with replay. */
void replay_arrived(struct hub *hub);
void replay_left(struct hub *hub);
/* Anything is kept, for whoever comes back. */
bool replay_keeps(const struct hub *hub);
/* What it has heard of stays wanted for a while. */
void replay_linger(struct hub *hub, struct str collection);
/* Somebody wants it from now on, and nobody did. */
void replay_wanted(struct hub *hub, struct str collection);
/* The client's new places are behind as those it had are, or as who comes back is. */
void replay_place(struct client *client, struct place *places, size_t n);
/* ... and it has them now: they will be told what they have missed, or that this cannot be. */
void replay_placed(struct hub *hub, struct client *client);
/* That it cannot be. */
void replay_resync(struct place *place);
/* An event of that name will come late, so that ids do not tell what a client has seen of it; and
 * it has come. */
void replay_late(struct hub *hub, struct str name);
void replay_came(struct hub *hub, struct str name);
/* Tells some of what is missed. When to go on, `next_us` at the latest. */
uint64_t replay_go_on(struct hub *hub, uint64_t now_us, uint64_t next_us);
/* Forgets what is over; when to look again, `next_us` at the latest. */
uint64_t replay_tidy(struct hub *hub, uint64_t now_us, uint64_t next_us);

struct shape;
/* judge.c: what is asked about one change. On the hub's thread. */
struct judge {
    struct hub *hub;
    struct arena *a;    /* of one question */
    struct arena *kept; /* of the unit */
    struct schema *schema;
    struct rec_changes *changes;
    struct db_conn *conn;
    struct pin *pin;          /* may be NULL */
    struct db_conn *before;   /* its: in a snapshot of the state before the change */
    struct unit_aside *aside; /* of aside.c; NULL: nothing is asked there yet */
    const struct map *behind; /* who is told, of struct behind; NULL: all that are not behind */
    int64_t now_ms;
    uint64_t cpu_us; /* of a question to the database */
    bool is_reading; /* conn is in a snapshot */
    bool is_slow;    /* the last question is none for this thread */
    bool is_cut;     /* something could not be asked */
    enum rec_action action;
    uint64_t number;
    const struct rec *rec;    /* as it is told of */
    const struct rec *judged; /* as it is judged; NULL: it is not there */
    VEC(struct shape) shapes; /* that it has been written in: judge.c */
};
/* Of a unit's changes, before anything is asked; false: nothing can be. Ended by judge_end() in any
 * case. */
bool judge_begin(struct judge *judge, struct hub *hub, const struct desk *desk,
                 struct rec_changes *changes, struct pin *pin);
void judge_end(struct judge *judge);
/* The audience may see the record by the rule. False, too, where it has lost its identity, or where
 * it is_slow. */
bool judge_sees(struct judge *judge, struct audience *audience, const struct schema_rule *rule);
/* The event's data, for an audience that sees it; p NULL: there is none to be had, or it is_slow.
 */
struct str judge_message(struct judge *judge, struct audience *audience);

/* aside.c: on the hub's thread, but for those that start and end it. */
MUST_CHECK bool aside_start(struct hub *hub); /* false: the system has no thread left */
void aside_stop(struct hub *hub);             /* its thread; what it has answered is told */
void aside_drop(struct hub *hub);             /* what nobody will answer; once no thread runs */
void aside_free(struct hub *hub);
/* Asked there, and told to the audience in the order of the questions. */
void aside_ask(struct judge *judge, struct audience *audience, const struct schema_rule *rule);
/* Behind each unit. True: to be called again soon, as somebody still has a snapshot. */
bool aside_hand_over(struct hub *hub);

/* identity.c: the client has other places now: it is found by the record that it hears as. */
void identity_index(struct hub *hub, struct client *client);
/* Who hears as the record, which has changed or is gone, is asked for anew, or is a guest. */
void identities_check(struct judge *judge, const struct rec *rec);
/* The same of all: the schema has changed. */
void identities_check_all(struct judge *judge);

#endif
