/*
 * The registry of listeners, and the chains of events through them.
 */
#include "events/events.h"

struct chain {
    VEC(struct event_listener) listeners;
};

struct events {
    struct arena *arena;         /* it lives in there */
    uint32_t heard[EVENT_KINDS]; /* a bit a stage that anybody hears */
    struct chain chains[EVENT_KINDS][EVENT_STAGES];
};

const char *event_name(enum event_kind kind)
{
    static const char *const names[] = {
#define X(kind, name, data) name,
        FOR_EACH_EVENT(X)
#undef X
    };

    return names[kind];
}

struct events *events_new(void)
{
    struct arena *a = arena_new();
    struct events *events = ARENA_NEW(a, struct events);

    events->arena = a;
    return events;
}

void events_free(struct events *events)
{
    if (events)
        arena_free(events->arena);
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
    events->heard[listener->kind] |= UINT32_C(1) << listener->stage;
}

static bool hears(const struct event_listener *listener, const struct event_tags *tags)
{
    for (size_t i = 0; i < listener->n_tags; i++)
        if (str_eq(listener->tags[i], tags->name) || str_eq(listener->tags[i], tags->id))
            return true;
    return listener->n_tags == 0;
}

/* The first one from that place on that hears it; the number of all: none. */
static size_t next_listener(const struct chain *chain, size_t from, const struct event_tags *tags)
{
    while (from < chain->listeners.n && !hears(&chain->listeners.items[from], tags))
        from++;
    return from;
}

bool events_hear(const struct events *events, enum event_kind kind, enum event_stage stage,
                 const struct event_tags *tags)
{
    const struct chain *chain;

    if (!events || !(events->heard[kind] & UINT32_C(1) << stage))
        return false;
    chain = &events->chains[kind][stage];
    return next_listener(chain, 0, tags) < chain->listeners.n;
}

bool events_hear_any(const struct events *events, enum event_kind kind,
                     const struct event_tags *tags)
{
    if (!events || !events->heard[kind])
        return false;
    for (enum event_stage stage = 0; stage < EVENT_STAGES; stage++)
        if (events_hear(events, kind, stage, tags))
            return true;
    return false;
}

static struct err *act(struct event *event)
{
    event->has_acted = true;
    return event->action ? event->action(event) : NULL;
}

struct err *events_raise(const struct events *events, struct event *event)
{
    event->events = events;
    event->at = event->reached = 0;
    event->has_acted = false;
    return events ? event_next(event) : act(event);
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
    if (at < chain->listeners.n)
        err = chain->listeners.items[at].hear(event, chain->listeners.items[at].user);
    else
        err = act(event);
    event->at = caller;
    return err;
}
