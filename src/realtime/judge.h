/*
 * realtime/judge: what is asked about one change, and what it looks like. Private to realtime/.
 */
#ifndef REEVE_REALTIME_JUDGE_H
#define REEVE_REALTIME_JUDGE_H

#include "base/map.h"
#include "realtime/client.h"

struct pin;
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
    struct turn *turns;
    struct unit_aside *waiting; /* with snapshots */
    size_t n, bytes;            /* that wait; of the units they are about */
    bool stopping;

    /* the hub's thread: what is asked behind the unit, in its order; when what was logged */
    struct question *asked, **asked_end;
    uint64_t slow_us, behind_us;

    uint64_t given_up_us; /* its own, as what follows */
    struct desk desk;
    bool is_running;
};

struct shape;
struct unit_aside;
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
    size_t n_last;            /* of them, places that may have heard of the change before */
    bool is_last;             /* who have is told again, too */
    int64_t now_ms;
    uint64_t cpu_us;    /* of a question to the database */
    bool is_reading;    /* conn is in a snapshot */
    bool is_slow;       /* the last question is none for this thread */
    uint64_t at_us;     /* clock_us(): when the one before was answered */
    uint64_t cpu_at_us; /* clock_thread_cpu_us(): since when it is timed */
    uint64_t spent_us;  /* for those that were not quick */
    bool is_cut;        /* no snapshot is left that the last question is about */
    enum rec_action action;
    uint64_t number;
    const struct rec *rec;    /* as it is told of */
    const struct rec *judged; /* as it is judged; NULL: it is not there */
    struct rec_stored stored; /* of that */
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
/* Asked there, and told to the audience in the order of the questions; or aside_lose(). */
void aside_ask(struct judge *judge, struct audience *audience, const struct schema_rule *rule);
/* What the audience is to hear of the change is lost: those who come back with replay are told so,
 * the streams of the others end. */
void aside_lose(struct hub *hub, struct audience *audience);
/* An audience, for the thread that asks: it may be gone meanwhile, or there again as another. */
struct asker {
    atomic_uint refs;
    atomic_bool is_gone;
    uint64_t client; /* whose turn it is in; the hub's thread */
    size_t n;        /* what is open; the hub's thread */
};

/* asker.c: of the audience, which has somebody in it. */
struct asker *asker_of(struct audience *audience);
void asker_unref(struct asker *asker);
/* Something of the audience is open there. */
bool aside_waits(const struct audience *audience);
/* Nothing more is asked about the unit. */
void aside_judged(struct judge *judge);
/* Behind each unit. True: to be called again soon, as somebody still has a snapshot. */
bool aside_hand_over(struct hub *hub);

/* identities.c: who hears as the record, which has changed or is gone, is asked for anew, or is a
 * guest. */
void identities_check(struct judge *judge, const struct rec *rec);
/* The same of all: the schema has changed. */
void identities_check_all(struct judge *judge);

/* deliver.c: on the hub's thread. pin: a snapshot of the state before them; NULL: there is none, as
 * nothing was deleted. Numbers them. False: nobody hears of them, as the database could not be
 * asked. */
bool deliver_changes(struct hub *hub, struct rec_changes *changes, struct pin *pin);
/* Again, to places that are behind: a map of their topics to struct behind. From a number on, for
 * as long as the thread has not run until then (clock_thread_cpu_us()), but one change at least.
 * What the next number is; 0: that they cannot be told. */
uint64_t deliver_again(struct hub *hub, struct rec_changes *changes, const struct map *behind,
                       uint64_t from, uint64_t until_us);

#endif
