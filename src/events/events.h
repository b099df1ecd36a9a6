/*
 * events: what happens, and who listens (compat hooks.md 7; design.md 10.1 to 3).
 *
 * A kind of event is a row of a table and goes through stages. Each stage is a chain: the listeners
 * in their order, at last what the stage is about. A listener calls event_next() where the rest
 * shall happen; what it does before comes before, what it does after comes after, and without the
 * call the rest does not happen. An error ends the chain, from the inside out.
 *
 * Raising one is free of charge where nobody listens: events_hear() is a look at one word, and what
 * the event would carry is made only then.
 */
#ifndef REEVE_EVENTS_EVENTS_H
#define REEVE_EVENTS_EVENTS_H

#include "base/arena.h"
#include "base/compiler.h"
#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

/* In no transaction, unless the caller is in one: REQUEST, SAVE, VALIDATE, EXECUTE, and the last
 * two. */
enum event_stage {
    EVENT_REQUEST,   /* around what a request asks for; once its rule is satisfied */
    EVENT_SAVE,      /* around validating and writing */
    EVENT_VALIDATE,  /* around the checks */
    EVENT_EXECUTE,   /* around the unit of work */
    EVENT_WRITE,     /* around the statements, inside the unit, which has the write connection to
                        itself meanwhile and may run twice */
    EVENT_COMMITTED, /* it is on disk; an error reaches the caller, and changes nothing else */
    EVENT_FAILED,    /* it is not, or a listener failed after it */
    EVENT_STAGES
};

/* Kind, name, and the struct that `data` points to. */
#define FOR_EACH_EVENT(X)                                                         \
    X(EVENT_RECORD_CREATE, "record.create", struct rec_event)                     \
    X(EVENT_RECORD_UPDATE, "record.update", struct rec_event)                     \
    X(EVENT_RECORD_DELETE, "record.delete", struct rec_event)                     \
    X(EVENT_COLLECTION_CREATE, "collection.create", struct schema_event)          \
    X(EVENT_COLLECTION_UPDATE, "collection.update", struct schema_event)          \
    X(EVENT_COLLECTION_DELETE, "collection.delete", struct schema_event)          \
    /* its REQUEST alone, without tags; what it changes raises the three above */ \
    X(EVENT_COLLECTIONS_IMPORT, "collections.import", struct schema_import_event)

enum event_kind {
#define X(kind, name, data) kind,
    FOR_EACH_EVENT(X)
#undef X
        EVENT_KINDS
};

extern const char *const event_names[EVENT_KINDS]; /* "record.create" */

/* What an event is about: a listener with tags hears only what has one of them. */
struct event_tags {
    struct str name, id;
};

struct events;

/* On the stack of who raises it. */
struct event {
    enum event_kind kind;
    enum event_stage stage;
    struct event_tags tags;
    struct arena *a; /* for what listeners make, and errors */
    void *data;      /* the struct that the kind's row names */
    /* What the stage is about; NULL: nothing. */
    struct err *(*action)(struct event *event);
    void *user;     /* of the action */
    bool has_acted; /* the action was reached */

    /* the chain's */
    const struct events *events;
    size_t at;      /* the listener that runs, counted from 1; 0: none yet */
    size_t reached; /* the furthest that has been called */
};

struct event_listener {
    enum event_kind kind;
    enum event_stage stage;
    int priority;           /* lower ones first; equal ones in the order they were added */
    const struct str *tags; /* n_tags of them, borrowed for as long as the listener is known */
    size_t n_tags;          /* 0: whatever it is about */
    struct err *(*hear)(struct event *event, void *user);
    void *user;
};

/* Who listens, in `a`. Made by one thread, read by all once it is given away. */
struct events *events_new(struct arena *a);
void events_add(struct events *events, const struct event_listener *listener);

#define EVENT_STAGE(stage) (UINT32_C(1) << (stage))
#define EVENT_ANY_STAGE (EVENT_STAGE(EVENT_STAGES) - 1)
/* Whether a listener hears one of those stages of an event about `tags`; events NULL: nobody does.
 */
bool events_hear(const struct events *events, enum event_kind kind, uint32_t stages,
                 const struct event_tags *tags);

/* Takes the event through its chain; only the action where events is NULL. On the raising thread,
 * which waits for what listeners do. The error is a listener's, or the action's. */
MUST_CHECK struct err *events_raise(const struct events *events, struct event *event);
/* In a listener, with the event that it hears: the rest of the chain. A second call does nothing.
 */
MUST_CHECK struct err *event_next(struct event *event);

#endif
