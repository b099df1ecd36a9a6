/*
 * Questions that take long: a rule, a filter or an expand that asks more than the hub's thread
 * gives to one. A thread of their own asks them, so that nobody else waits; what it finds comes
 * back as a note. Clients take turns, and what one of them asks is answered in its order.
 *
 * An audience that was found slow stays with that thread for what asks the database, until it is
 * quick again. While something of it is open there all its changes go there, so that it hears of
 * them in their order.
 *
 * Questions wait with the units that they are about, and those about deletes with the snapshots of
 * what was before. All are bounded, snapshots in time, too: who asks for more is told that
 * something is missing.
 */
#include "realtime/internal.h"

#include "base/date.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/thread.h"

#include <time.h>

#define PINS 2               /* of the hub's snapshots: the others are for its own thread */
#define PIN_US 2000000       /* how long one of them waits, as it keeps the log of writes */
#define LONG_US 50000        /* after such a question ... */
#define REST_NS 20000000     /* ... it reads nothing for so long */
#define LOG_EVERY_US 1000000 /* of lines that may be many */

/* What questions are about, for as long as its judge or one of them is there. */
struct unit_aside {
    struct rec_changes *changes;
    struct pin *pin;   /* NULL: no delete of it is asked about, or that is too late by now */
    uint64_t since_us; /* from when on it waits; 0: it does not yet */
    struct unit_aside *next_waiting; /* with a pin */
    size_t bytes;
    size_t refs; /* under aside->lock */
};

struct question {
    struct note note;
    struct question *next;
    struct unit_aside *unit;
    struct asker *asker;
    uint64_t client;
    struct identity identity; /* of the audience */
    struct str name;
    const struct schema_rule *rule;
    enum rec_action action;
    uint64_t number;
    const struct rec *rec, *judged;
    /* the answer */
    struct buf data; /* empty: it hears nothing of it */
    bool is_lost;    /* nobody knows */
    bool is_late;    /* it was not even asked: there is no snapshot of the state that it is about */
    uint64_t took_us;
    char texts[];
};

/* What one client waits for. */
struct turn {
    uint64_t client;
    struct question *first, **end;
    struct turn *next;
};

static size_t question_bytes(struct str name, const struct identity *identity)
{
    return sizeof(struct question) + name.n + identity->col.n + identity->id.n + identity->key.n;
}

/* Whether a line may be written again. */
static bool may_log(uint64_t *logged_us)
{
    const uint64_t now_us = clock_us();

    if (*logged_us && now_us - *logged_us < LOG_EVERY_US)
        return false;
    *logged_us = now_us;
    return true;
}

/* --- units and their snapshots ---------------------------------------------------------------- */

static bool has_room(struct hub *hub, const struct unit_aside *unit, size_t bytes)
{
    struct aside *aside = &hub->aside;
    bool has_room;

    (void)pthread_mutex_lock(&aside->lock);
    has_room = aside->n < LIMIT_ASIDE_QUESTIONS &&
               (unit || aside->bytes + bytes <= LIMIT_HUB_BYTES) && !aside->stopping;
    (void)pthread_mutex_unlock(&aside->lock);
    return has_room;
}

static struct unit_aside *unit_new(struct hub *hub, struct rec_changes *changes)
{
    struct unit_aside *unit = memory_new(sizeof(*unit));

    unit->changes = rec_changes_ref(changes);
    unit->bytes = arena_used(changes->arena);
    unit->refs = 1;
    (void)pthread_mutex_lock(&hub->aside.lock);
    hub->aside.bytes += unit->bytes;
    (void)pthread_mutex_unlock(&hub->aside.lock);
    return unit;
}

/* Not where others have too many: what is asked without one is lost in its order. */
static void unit_pin(struct hub *hub, struct unit_aside *unit, struct pin *pin)
{
    size_t n_pins = 0;
    bool may;

    if (unit->pin)
        return;
    (void)pthread_mutex_lock(&hub->lock);
    for (size_t i = 0; i < HUB_PINS; i++)
        n_pins += hub->pins[i].n_aside > 0;
    may = pin->n_aside > 0 || n_pins < PINS;
    if (may) {
        pin->refs++;
        pin->n_aside++;
        unit->pin = pin;
    }
    (void)pthread_mutex_unlock(&hub->lock);
}

static void unpin(struct hub *hub, struct pin *pin)
{
    if (!pin)
        return;
    (void)pthread_mutex_lock(&hub->lock);
    pin->n_aside--;
    (void)pthread_mutex_unlock(&hub->lock);
    pin_unref(hub, pin);
}

/* With aside->lock. */
static void wait_no_more(struct aside *aside, const struct unit_aside *unit)
{
    struct unit_aside **at = &aside->waiting;

    while (*at && *at != unit)
        at = &(*at)->next_waiting;
    if (*at)
        *at = unit->next_waiting;
}

static void unit_unref(struct hub *hub, struct unit_aside *unit)
{
    struct aside *aside = &hub->aside;
    bool is_last;

    (void)pthread_mutex_lock(&aside->lock);
    is_last = --unit->refs == 0;
    if (is_last) {
        aside->bytes -= unit->bytes;
        wait_no_more(aside, unit);
    }
    (void)pthread_mutex_unlock(&aside->lock);
    if (!is_last)
        return;
    unpin(hub, unit->pin);
    rec_changes_unref(unit->changes);
    memory_free(unit, sizeof(*unit));
}

void aside_judged(struct judge *judge)
{
    if (judge->aside)
        unit_unref(judge->hub, TAKE(judge->aside));
}

static void question_free(struct hub *hub, struct question *question)
{
    (void)pthread_mutex_lock(&hub->aside.lock);
    hub->aside.n--;
    (void)pthread_mutex_unlock(&hub->aside.lock);
    unit_unref(hub, question->unit);
    asker_unref(question->asker);
    buf_done(&question->data);
    memory_free(question, question_bytes(question->name, &question->identity));
}

/* --- answers, on the hub's thread ------------------------------------------------------------- */

/* Who comes back with replay can be told; others have to connect anew where `ends`. */
static void lose(struct hub *hub, struct audience *audience, bool ends)
{
    for (struct place *place = audience->first; place; place = place->next) {
        if (place->behind > 0)
            continue;
        if (place->client->replays)
            replay_resync(place);
        else if (ends && client_close(place->client))
            hub_end(hub, place->client, HUB_BEHIND);
    }
}

void aside_lose(struct hub *hub, struct audience *audience)
{
    if (may_log(&hub->aside.behind_us))
        log_warn("realtime.rule.behind", LOG_STR("subscription", audience->name));
    lose(hub, audience, true);
}

static void tell_answer(struct hub *hub, struct audience *audience, const struct question *question)
{
    audience->is_aside = audience->asker->n > 0 || question->took_us > LIMIT_QUICK_US;
    audience->took_us = question->took_us;
    if (question->is_late)
        aside_lose(hub, audience);
    else if (question->is_lost)
        lose(hub, audience, false);
    if (question->data.n > 0)
        audience_send(audience, buf_str(&question->data), question->number);
}

static void run_answer(struct hub *hub, struct note *note)
{
    struct question *question = (struct question *)(void *)note;
    struct audience *audience =
        topics_find_audience(&hub->topics, question->name, &question->identity);

    replay_came(hub, question->name);
    question->asker->n--;
    if (audience && audience->asker == question->asker)
        tell_answer(hub, audience, question);
    question_free(hub, question);
}

/* --- asking, on the hub's thread -------------------------------------------------------------- */

static struct question *question_new(const struct judge *judge, struct audience *audience,
                                     const struct schema_rule *rule)
{
    const struct identity *identity = &audience->identity;
    struct question *question = memory_new(question_bytes(audience->name, identity));
    char *at = question->texts;

    question->note.run = run_answer;
    question->unit = judge->aside;
    question->asker = asker_of(audience);
    question->client = question->asker->client;
    question->name = str_put(&at, audience->name);
    question->identity.col = str_put(&at, identity->col);
    question->identity.id = str_put(&at, identity->id);
    question->identity.key = str_put(&at, identity->key);
    question->rule = rule;
    question->action = judge->action;
    question->number = judge->number;
    question->rec = judge->rec;
    question->judged = judge->judged;
    buf_init(&question->data, LIMIT_RESPONSE_BYTES);
    return question;
}

/* The unit, and where it can be had the snapshot that the change needs. False: that is too much. */
static bool prepare(struct judge *judge)
{
    struct hub *hub = judge->hub;

    if (!has_room(hub, judge->aside, arena_used(judge->changes->arena)))
        return false;
    if (!judge->aside)
        judge->aside = unit_new(hub, judge->changes);
    if (judge->action == REC_DELETE && judge->pin)
        unit_pin(hub, judge->aside, judge->pin);
    return true;
}

static void ask(struct judge *judge, struct audience *audience, const struct schema_rule *rule)
{
    struct aside *aside = &judge->hub->aside;
    struct question *question = question_new(judge, audience, rule);

    *aside->asked_end = question;
    aside->asked_end = &question->next;
    atomic_fetch_add(&question->asker->refs, 1);
    question->asker->n++;
    (void)pthread_mutex_lock(&aside->lock);
    aside->n++;
    judge->aside->refs++;
    (void)pthread_mutex_unlock(&aside->lock);
    replay_late(judge->hub, audience->name);
}

void aside_ask(struct judge *judge, struct audience *audience, const struct schema_rule *rule)
{
    struct aside *aside = &judge->hub->aside;

    if (!audience->first)
        return;
    if (!audience->is_aside && judge->is_slow && may_log(&aside->slow_us))
        log_warn("realtime.rule.slow", LOG_STR("subscription", audience->name),
                 LOG_U64("over_us", LIMIT_HUB_CPU_US));
    audience->is_aside = true;
    if (prepare(judge)) {
        ask(judge, audience, rule);
    } else {
        aside_forget(audience); /* what is open would come behind the loss of what follows it */
        aside_lose(judge->hub, audience);
    }
}

/* Nobody but those who wait here has it. */
static bool is_free(struct hub *hub, const struct pin *pin)
{
    bool is_free;

    (void)pthread_mutex_lock(&hub->lock);
    is_free = pin->refs == pin->n_aside;
    (void)pthread_mutex_unlock(&hub->lock);
    return is_free;
}

/* With aside->lock. */
static struct turn *turn_of(struct aside *aside, uint64_t client)
{
    struct turn **at = &aside->turns;

    while (*at && (*at)->client != client)
        at = &(*at)->next;
    if (!*at) {
        *at = memory_new(sizeof(**at));
        (*at)->client = client;
        (*at)->end = &(*at)->first;
    }
    return *at;
}

static void hand_over(struct aside *aside, struct question *question)
{
    struct unit_aside *unit = question->unit;
    struct turn *turn;

    (void)pthread_mutex_lock(&aside->lock);
    turn = turn_of(aside, question->client);
    question->next = NULL;
    *turn->end = question;
    turn->end = &question->next;
    if (unit->pin && !unit->since_us) {
        unit->since_us = clock_us();
        unit->next_waiting = aside->waiting;
        aside->waiting = unit;
    }
    (void)pthread_cond_signal(&aside->told);
    (void)pthread_mutex_unlock(&aside->lock);
}

bool aside_hand_over(struct hub *hub)
{
    struct aside *aside = &hub->aside;

    while (aside->asked) {
        struct question *question = aside->asked;

        /* one that waits already is the other thread's */
        if (!question->unit->since_us && question->unit->pin && !is_free(hub, question->unit->pin))
            return true;
        aside->asked = question->next;
        if (!aside->asked)
            aside->asked_end = &aside->asked;
        hand_over(aside, question);
    }
    return false;
}

/* --- the thread ------------------------------------------------------------------------------- */

/* Snapshots that wait too long; with the lock, which is left for a moment. */
static void expire(struct hub *hub)
{
    struct aside *aside = &hub->aside;
    const uint64_t now_us = clock_us();
    struct unit_aside **at = &aside->waiting;

    while (*at) {
        struct unit_aside *unit = *at;
        struct pin *pin;

        if (unit->since_us + PIN_US > now_us) {
            at = &unit->next_waiting;
            continue;
        }
        *at = unit->next_waiting;
        pin = TAKE(unit->pin);
        (void)pthread_mutex_unlock(&aside->lock);
        unpin(hub, pin);
        (void)pthread_mutex_lock(&aside->lock);
        at = &aside->waiting;
    }
}

/* With the lock: of whose turn it is, who is the last one then. */
static struct question *take_first(struct aside *aside)
{
    struct turn *turn = aside->turns, **at = &aside->turns;
    struct question *question = turn->first;

    aside->turns = turn->next;
    turn->first = question->next;
    if (!turn->first) {
        memory_free(turn, sizeof(*turn));
        return question;
    }
    while (*at)
        at = &(*at)->next;
    turn->next = NULL;
    *at = turn;
    return question;
}

/* NULL: it is to end. */
static struct question *wait_for_question(struct hub *hub)
{
    struct aside *aside = &hub->aside;
    struct question *question;

    (void)pthread_mutex_lock(&aside->lock);
    expire(hub);
    while (!aside->turns && !aside->stopping)
        (void)pthread_cond_wait(&aside->told, &aside->lock);
    question = aside->stopping ? NULL : take_first(aside);
    (void)pthread_mutex_unlock(&aside->lock);
    return question;
}

static void judge_question(struct judge *judge, struct question *question)
{
    struct audience audience = {.name = question->name, .identity = question->identity};
    struct str data = STR_NONE;

    judge->cpu_us = LIMIT_ASIDE_CPU_US;
    judge->action = question->action;
    judge->number = question->number;
    judge->rec = question->rec;
    judge->judged = question->judged;
    if (judge_sees(judge, &audience, question->rule))
        data = judge_message(judge, &audience);
    if (data.p)
        buf_add(&question->data, data);
    question->is_late = judge->is_cut;
    question->is_lost = judge->is_slow || judge->is_cut || question->data.full;
    audience_forget(&audience);
}

static void answer(struct hub *hub, struct question *question)
{
    const uint64_t begun_us = clock_thread_cpu_us();
    struct unit_aside *unit = question->unit;
    struct judge judge;

    desk_clear(&hub->aside.desk);
    if (unit->pin)
        db_loose_take(unit->pin->conn);
    if (judge_begin(&judge, hub, &hub->aside.desk, unit->changes, unit->pin))
        judge_question(&judge, question);
    else
        question->is_lost = question->is_late = true;
    judge_end(&judge);
    question->took_us = clock_thread_cpu_us() - begun_us;
    if (question->is_lost && !question->is_late && may_log(&hub->aside.given_up_us))
        log_warn("realtime.rule.given_up", LOG_STR("subscription", question->name),
                 LOG_U64("us", question->took_us));
}

/* The log of writes begins anew when nobody reads it: not while one long question follows another.
 */
static void rest(const struct question *question)
{
    const struct timespec pause = {.tv_nsec = REST_NS};

    if (question->took_us > LONG_US)
        (void)nanosleep(&pause, NULL);
}

static void run(void *arg)
{
    struct hub *hub = arg;
    struct question *question;

    while ((question = wait_for_question(hub)) != NULL) {
        if (!atomic_load(&question->asker->is_gone))
            answer(hub, question);
        rest(question);
        (void)pthread_mutex_lock(&hub->lock);
        hub_tell(hub, &question->note);
        (void)pthread_mutex_unlock(&hub->lock);
    }
    db_reader_close(hub->conf.db);
    query_cache_release();
    snapshot_thread_end();
}

/* --- all ------------------------------------------------------------------------------------- */

bool aside_start(struct hub *hub)
{
    struct aside *aside = &hub->aside;

    aside->asked_end = &aside->asked;
    desk_init(&aside->desk);
    (void)pthread_mutex_init(&aside->lock, NULL);
    (void)pthread_cond_init(&aside->told, NULL);
    aside->is_running = thread_start("realtime-slow", run, hub, &aside->thread);
    return aside->is_running;
}

void aside_stop(struct hub *hub)
{
    struct aside *aside = &hub->aside;

    (void)pthread_mutex_lock(&aside->lock);
    aside->stopping = true;
    (void)pthread_cond_signal(&aside->told);
    (void)pthread_mutex_unlock(&aside->lock);
    if (aside->is_running)
        thread_join(aside->thread);
    aside->is_running = false;
}

void aside_drop(struct hub *hub)
{
    struct aside *aside = &hub->aside;

    while (aside->turns)
        question_free(hub, take_first(aside));
    while (aside->asked) {
        struct question *question = aside->asked;

        aside->asked = question->next;
        question_free(hub, question);
    }
}

void aside_free(struct hub *hub)
{
    desk_free(&hub->aside.desk);
    (void)pthread_mutex_destroy(&hub->aside.lock);
    (void)pthread_cond_destroy(&hub->aside.told);
}
