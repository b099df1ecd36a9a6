/*
 * realtime/client: streams, of which the hub has what is to be sent and a loop sends it. Private to
 * realtime/.
 */
#ifndef REEVE_REALTIME_CLIENT_H
#define REEVE_REALTIME_CLIENT_H

#include "base/buf.h"
#include "realtime/topics.h"

#define CLIENT_ID_CHARS 40

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
    uint64_t told;   /* the highest id that it is given meanwhile */
    uint64_t seen;   /* the last id that it was given */
    /* of hub->ending */
    struct client *next_ending;
};

void client_unref(struct client *client);
/* By the hub's thread: an event, of the change with that number. What is too much ends the stream.
 */
void client_send(struct client *client, struct str name, struct str data, uint64_t number);
/* More of the log is to wait until its client has read some. */
bool client_is_full(struct client *client);
/* Ends the stream, once what is pending is sent. False: it is over, or ends already. Any thread. */
bool client_close(struct client *client);

#endif
