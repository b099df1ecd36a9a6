/*
 * The registry of listeners, and the chains of events through them.
 */
#include "events/events.h"

struct chain {
    VEC(struct event_listener) listeners;
};

struct events {
    struct arena *arena;         /* what is added lives in there */
    uint32_t heard[EVENT_KINDS]; /* a bit a stage that anybody hears */
    struct chain chains[EVENT_KINDS][EVENT_STAGES];
};

const char *const event_names[EVENT_KINDS] = {
#define X(kind, name, data) name,
    FOR_EACH_EVENT(X)
#undef X
};

struct events *events_new(struct arena *a)
{
    struct events *events = ARENA_NEW(a, struct events);

    events->arena = a;
    return events;
}

void events_add(struct events *events, const struct event_listener *listener)
{
    struct chain *chain = &events->chains[listener->kind][listener->stage];
    size_t at;

    (void)VEC_PUSH(events->arena, &chain->listeners);
    at = chain->listeners.n - 1;
    for (; at > 0 && chain->listeners.items[at - 1].priority > listener->priority; at--)
        chain->listeners.items[at] = chain->listeners.items[at - 1];
    chain->listeners.items[at] = *listener;
    events->heard[listener->kind] |= EVENT_STAGE(listener->stage);
}

/* The first one from that place on that hears it; the number of all: none. */
static size_t next_listener(const struct chain *chain, size_t from, const struct event_tags *tags)
{
    for (; from < chain->listeners.n; from++) {
        const struct event_listener *listener = &chain->listeners.items[from];

        if (listener->n_tags == 0)
            break;
        for (size_t i = 0; i < listener->n_tags; i++)
            if (str_eq(listener->tags[i], tags->name) || str_eq(listener->tags[i], tags->id))
                return from;
    }
    return from;
}

bool events_hear(const struct events *events, enum event_kind kind, uint32_t stages,
                 const struct event_tags *tags)
{
    if (!events || !(events->heard[kind] & stages))
        return false;
    for (size_t stage = 0; stage < EVENT_STAGES; stage++) {
        const struct chain *chain = &events->chains[kind][stage];

        if ((stages & EVENT_STAGE(stage)) && next_listener(chain, 0, tags) < chain->listeners.n)
            return true;
    }
    return false;
}

struct err *events_raise(const struct events *events, struct event *event)
{
    event->events = events;
    event->at = event->reached = 0;
    event->has_acted = false;
    if (events)
        return event_next(event);
    event->has_acted = true;
    return event->action ? event->action(event) : NULL;
}

struct err *event_next(struct event *event)
{
    const struct chain *chain = &event->events->chains[event->kind][event->stage];
    const size_t caller = event->at;
    size_t at;
    struct err *err;

    if (event->reached > caller)
        return NULL;
    at = next_listener(chain, caller, &event->tags);
    event->reached = event->at = at + 1;
    if (at < chain->listeners.n) {
        err = chain->listeners.items[at].hear(event, chain->listeners.items[at].user);
    } else {
        event->has_acted = true;
        err = event->action ? event->action(event) : NULL;
    }
    event->at = caller;
    return err;
}
