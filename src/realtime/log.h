/*
 * realtime/log: the last changes, and who is told what they have missed. Private to realtime/. On
 * the hub's thread, but for ids, which are anybody's.
 */
#ifndef REEVE_REALTIME_LOG_H
#define REEVE_REALTIME_LOG_H

#include "realtime/client.h"

#define REPLAY_EPOCH_CHARS 12

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
    uint64_t since; /* the first number that the log has, had or will have */
    size_t n_clients;
    uint64_t left_us; /* clock_us(): when the last one that is gone has left; 0: none has, ever */
    /* by slots of the feed; 0: not, ever */
    uint64_t lingers_since_us[REC_FEED_SLOTS];
    uint64_t wanted_since[REC_FEED_SLOTS];
    uint64_t dropped[REC_FEED_SLOTS];   /* the highest number that was */
    struct client *behind, *behind_end; /* who is told from the log, in turn */
    /* by names, of events that come later than others with higher numbers: how many are to come,
     * and the highest number when the last one came */
    uint32_t late[REC_FEED_SLOTS];
    uint64_t late_until[REC_FEED_SLOTS];
};

/* log.c */
void replay_init(struct hub *hub);
void replay_free(struct hub *hub);
/* ids.c: of the id that a client has had last; 0: it is none of this process. */
uint64_t replay_position(const struct hub *hub, struct str last_id);
void replay_add_id(struct buf *out, const struct client *client, uint64_t number);
/* log.c: told changes, where anybody may come back for them; takes them. */
void replay_keep(struct hub *hub, struct rec_changes *take_changes, size_t bytes);
void replay_cut(struct hub *hub); /* some are lost */
/* A client with replay. */
void replay_arrived(struct hub *hub);
void replay_left(struct hub *hub);
/* All that was told of the collection from that number on is there. */
bool replay_has(const struct hub *hub, struct str collection, uint64_t from);
/* What it has heard of stays wanted for a while. */
void replay_linger(struct hub *hub, struct str collection);
/* Somebody wants it from now on, and nobody did. */
void replay_wanted(struct hub *hub, struct str collection);
/* behind.c: the client's new places are behind as those it had are, or as who comes back is. */
void replay_place(struct client *client, struct place *places, size_t n);
/* ... and it has them now: they will be told what they have missed, or that this cannot be. */
void replay_placed(struct hub *hub, struct client *client);
/* Last in turn; of no turn any more. */
void behind_add(struct replay *replay, struct client *client);
void behind_remove(struct replay *replay, struct client *client);
/* What the log has not, or has no more, cannot be told: of places that it has told up to `cursor`,
 * or to where they are themselves. */
void behind_give_up(struct hub *hub, struct client *client, uint64_t cursor);

/* log.c: what comes next of the topic is told, but something is missing. */
void replay_resync(struct place *place);
/* An event of that name will come late, so that ids do not tell what a client has seen of it; and
 * it has come. */
void replay_late(struct hub *hub, struct str name);
void replay_came(struct hub *hub, struct str name);
/* replay.c: tells some of what is missed. When to go on, `next_us` at the latest. */
uint64_t replay_go_on(struct hub *hub, uint64_t now_us, uint64_t next_us);
/* log.c: forgets what is over; when to look again, `next_us` at the latest. */
uint64_t replay_tidy(struct hub *hub, uint64_t now_us, uint64_t next_us);

#endif
