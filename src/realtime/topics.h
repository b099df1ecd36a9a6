/*
 * realtime/topics: what clients subscribe to, and who that is for. Private to realtime/.
 *
 *   topic      "posts/{id}", or with a star in its place: what a change is looked up by
 *   audience   a topic as one asks for it: the same options, the same identity. Who is in one sees
 *              the same events, so it is judged and written once for all of them.
 *   place      of a client in an audience
 */
#ifndef REEVE_REALTIME_TOPICS_H
#define REEVE_REALTIME_TOPICS_H

#include "realtime/realtime.h"

#define HUB_BUCKETS 4096

struct client;

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
    uint64_t
        took_us; /* the last time that it was asked; AUDIENCE_UNKNOWN: it was not, yet or anew */
    unsigned n_doubts; /* how often it was not as quick as before, one after the other */
    /* aside.c */
    bool is_aside;       /* asking the database is for the thread that is slow */
    struct asker *asker; /* NULL: it was never asked there */
    char texts[];        /* name and identity */
};
#define AUDIENCE_UNKNOWN UINT64_MAX
/* What it is asked by is anew. */
void audience_forget(struct audience *audience);
/* An event, to all of its places that are not behind. */
void audience_send(struct audience *audience, struct str data, uint64_t number);

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
    size_t n;                                /* topics */
};
struct topic *topics_find(const struct topics *topics, struct str key); /* NULL: nobody */
struct audience *topics_find_audience(struct topics *topics, struct str name,
                                      const struct identity *identity); /* NULL: nobody */
/* asker.c: it is gone: what is open there is dropped. */
void aside_forget(struct audience *audience);
/* The client gets a place there. */
void topics_join(struct topics *topics, struct str name, const struct identity *identity,
                 struct client *client, struct place *ret);
/* It is of no audience afterwards, which may be gone. */
void topics_leave(struct topics *topics, struct place *place);

#endif
