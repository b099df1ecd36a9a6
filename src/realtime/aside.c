/*
 * Questions that take long: a rule, a filter or an expand that asks more of the database than the
 * hub's thread has for one. A thread of their own asks them, in the order in which they come, so
 * that nobody else waits; what it finds comes back as a note.
 *
 * An audience that was found slow stays with that thread for what asks the database, until it is
 * quick again. While something of it is open there all its changes go there, so that it hears of
 * them in their order.
 *
 * Questions wait with the units that they are about, and with the snapshots of deletes. Both are
 * bounded: who asks for more is told that something is missing.
 */
#include "realtime/internal.h"

#include "base/date.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/thread.h"

#define QUICK_US (LIMIT_HUB_CPU_US / 4) /* of one that the hub's thread may ask again */
#define PINS 2 /* of the hub's snapshots: the others are for its own thread */

/* What questions are about, until the last one is answered. */
struct unit_aside {
    struct rec_changes *changes;
    struct pin *pin; /* NULL: no delete of it is asked about */
    size_t bytes;
    size_t n; /* under aside->lock */
};

struct question {
    struct note note;
    struct question *next;
    struct unit_aside *unit;
    struct identity identity; /* of the audience */
    struct str name;
    const struct schema_rule *rule;
    enum rec_action action;
    uint64_t number;
    const struct rec *rec, *judged;
    /* the answer */
    struct buf data; /* empty: it hears nothing of it */
    bool is_lost;    /* nobody knows */
    uint64_t took_us;
    char texts[];
};

static size_t question_bytes(struct str name, const struct identity *identity)
{
    return sizeof(struct question) + name.n + identity->col.n + identity->id.n + identity->key.n;
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
    (void)pthread_mutex_lock(&hub->aside.lock);
    hub->aside.bytes += unit->bytes;
    (void)pthread_mutex_unlock(&hub->aside.lock);
    return unit;
}

/* False: others have too many. */
static bool unit_pin(struct hub *hub, struct unit_aside *unit, struct pin *pin)
{
    size_t n_pins = 0;
    bool may;

    if (unit->pin)
        return true;
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
    return may;
}

static void unpin(struct hub *hub, struct pin *pin)
{
    (void)pthread_mutex_lock(&hub->lock);
    pin->n_aside--;
    (void)pthread_mutex_unlock(&hub->lock);
    pin_unref(hub, pin);
}

static void unit_unref(struct hub *hub, struct unit_aside *unit)
{
    struct aside *aside = &hub->aside;
    bool is_last;

    (void)pthread_mutex_lock(&aside->lock);
    aside->n--;
    is_last = --unit->n == 0;
    if (is_last)
        aside->bytes -= unit->bytes;
    (void)pthread_mutex_unlock(&aside->lock);
    if (!is_last)
        return;
    if (unit->pin)
        unpin(hub, unit->pin);
    rec_changes_unref(unit->changes);
    memory_free(unit, sizeof(*unit));
}

static void question_free(struct hub *hub, struct question *question)
{
    unit_unref(hub, question->unit);
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
        else if (ends)
            hub->fresh.ended[HUB_BEHIND] += client_close(place->client);
    }
}

static void run_answer(struct hub *hub, struct note *note)
{
    struct question *question = (struct question *)(void *)note;
    struct audience *audience =
        topics_find_audience(&hub->topics, question->name, &question->identity);

    if (audience && audience->n_aside > 0) {
        audience->n_aside--;
        audience->is_aside = audience->n_aside > 0 || question->took_us > QUICK_US;
    }
    replay_came(hub, question->name);
    if (audience && question->is_lost)
        lose(hub, audience, false);
    if (audience && question->data.n > 0)
        audience_send(audience, buf_str(&question->data), question->number);
    question_free(hub, question);
}

/* --- asking, on the hub's thread -------------------------------------------------------------- */

static struct question *question_new(const struct judge *judge, const struct audience *audience,
                                     const struct schema_rule *rule)
{
    const struct identity *identity = &audience->identity;
    struct question *question = memory_new(question_bytes(audience->name, identity));
    char *at = question->texts;

    question->note.run = run_answer;
    question->unit = judge->aside;
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

/* The unit, with what the change needs of it. False: that is too much. */
static bool prepare(struct judge *judge)
{
    struct hub *hub = judge->hub;

    if (!has_room(hub, judge->aside, arena_used(judge->changes->arena)))
        return false;
    if (!judge->aside)
        judge->aside = unit_new(hub, judge->changes);
    return judge->action != REC_DELETE || unit_pin(hub, judge->aside, judge->pin);
}

static void ask(struct judge *judge, struct audience *audience, const struct schema_rule *rule)
{
    struct aside *aside = &judge->hub->aside;
    struct question *question = question_new(judge, audience, rule);

    *aside->asked_end = question;
    aside->asked_end = &question->next;
    audience->n_aside++;
    (void)pthread_mutex_lock(&aside->lock);
    aside->n++;
    judge->aside->n++;
    (void)pthread_mutex_unlock(&aside->lock);
    replay_late(judge->hub, audience->name);
}

void aside_ask(struct judge *judge, struct audience *audience, const struct schema_rule *rule)
{
    if (!audience->is_aside)
        log_warn("realtime.rule.slow", LOG_STR("subscription", audience->name),
                 LOG_U64("over_us", LIMIT_HUB_CPU_US));
    audience->is_aside = true;
    if (judge->action == REC_DELETE && !judge->pin) {
        judge->is_cut = true;
    } else if (prepare(judge)) {
        ask(judge, audience, rule);
    } else {
        log_warn("realtime.rule.behind", LOG_STR("subscription", audience->name));
        lose(judge->hub, audience, true);
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

bool aside_hand_over(struct hub *hub)
{
    struct aside *aside = &hub->aside;

    while (aside->asked) {
        struct question *question = aside->asked;

        if (question->unit->pin && !is_free(hub, question->unit->pin))
            return true;
        aside->asked = question->next;
        if (!aside->asked)
            aside->asked_end = &aside->asked;
        question->next = NULL;
        (void)pthread_mutex_lock(&aside->lock);
        *aside->end = question;
        aside->end = &question->next;
        (void)pthread_cond_signal(&aside->told);
        (void)pthread_mutex_unlock(&aside->lock);
    }
    return false;
}

/* --- the thread ------------------------------------------------------------------------------- */

/* NULL: it is to end. */
static struct question *wait_for_question(struct aside *aside)
{
    struct question *question;

    (void)pthread_mutex_lock(&aside->lock);
    while (!aside->first && !aside->stopping)
        (void)pthread_cond_wait(&aside->told, &aside->lock);
    question = aside->stopping ? NULL : aside->first;
    if (question) {
        aside->first = question->next;
        if (!aside->first)
            aside->end = &aside->first;
    }
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
        question->is_lost = true;
    judge_end(&judge);
    question->took_us = clock_thread_cpu_us() - begun_us;
    if (question->is_lost)
        log_warn("realtime.rule.given_up", LOG_STR("subscription", question->name),
                 LOG_U64("us", question->took_us));
}

static void run(void *arg)
{
    struct hub *hub = arg;
    struct question *question;

    while ((question = wait_for_question(&hub->aside)) != NULL) {
        answer(hub, question);
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

    aside->end = &aside->first;
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

static void drop(struct hub *hub, struct question *question)
{
    while (question) {
        struct question *next = question->next;

        question_free(hub, question);
        question = next;
    }
}

void aside_drop(struct hub *hub)
{
    drop(hub, TAKE(hub->aside.first));
    drop(hub, TAKE(hub->aside.asked));
}

void aside_free(struct hub *hub)
{
    desk_free(&hub->aside.desk);
    (void)pthread_mutex_destroy(&hub->aside.lock);
    (void)pthread_cond_destroy(&hub->aside.told);
}
