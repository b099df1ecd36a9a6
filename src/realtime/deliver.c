/*
 * A change on its way to who waits for it (services.md 2.3 to 2.5).
 */
#include "realtime/internal.h"

#include "base/date.h"
#include "base/limits.h"

/* --- the schema ------------------------------------------------------------------------------ */

static void follow_schema(struct judge *judge)
{
    struct hub *hub = judge->hub;

    if (hub->schema == judge->schema)
        return;
    if (hub->schema)
        identities_check_all(judge);
    schema_unref(hub->schema);
    hub->schema = schema_ref(judge->schema);
}

/* --- topics ---------------------------------------------------------------------------------- */

/* A record's id may have a question mark, where names of topics end. */
static bool is_about(const struct audience *audience, struct str topic)
{
    return str_starts(audience->name, topic) &&
           (audience->name.n == topic.n || audience->name.p[topic.n] == '?');
}

/* Who is quick is asked here, others as long as there is time. */
static bool is_too_much(const struct judge *judge, const struct audience *audience)
{
    return judge->spent_us > LIMIT_HUB_UNIT_US && audience->took_us > LIMIT_QUICK_US;
}

/* Who was quick is timed by the clock on the wall, which costs little but goes on while other
 * threads have the processor: so it is not believed to be slow before the third time. */
static void spend_quick(struct judge *judge, struct audience *audience)
{
    const uint64_t now_us = clock_us();
    const uint64_t took_us = now_us - judge->at_us;

    judge->at_us = now_us;
    audience->n_doubts = took_us > LIMIT_QUICK_US ? audience->n_doubts + 1 : 0;
    if (audience->n_doubts >= 3)
        audience->took_us = took_us;
}

static void spend(struct judge *judge, struct audience *audience)
{
    audience->took_us = clock_thread_cpu_us() - judge->cpu_at_us;
    audience->n_doubts = 0;
    judge->spent_us += audience->took_us;
    judge->at_us = clock_us();
}

/* p NULL: it hears nothing of it, or it is_slow. */
static struct str ask_audience(struct judge *judge, struct audience *audience,
                               const struct schema_rule *rule)
{
    const bool is_quick = audience->took_us <= LIMIT_QUICK_US;
    struct str data = STR_NONE;

    if (!is_quick)
        judge->cpu_at_us = clock_thread_cpu_us();
    arena_reset(judge->a);
    if (judge_sees(judge, audience, rule))
        data = judge_message(judge, audience);
    if (is_quick)
        spend_quick(judge, audience);
    else
        spend(judge, audience);
    return data;
}

static void tell_audience(struct judge *judge, struct audience *audience,
                          const struct schema_rule *rule)
{
    struct str data = STR_NONE;

    judge->is_slow = judge->is_cut = false;
    if (aside_waits(audience) || is_too_much(judge, audience)) {
        aside_ask(judge, audience, rule);
        return;
    }
    data = ask_audience(judge, audience, rule);
    if (judge->is_slow)
        aside_ask(judge, audience, rule);
    else if (judge->is_cut)
        aside_lose(judge->hub, audience);
    else if (data.p)
        audience_send(audience, data, judge->number);
}

static void tell_audiences(struct judge *judge, struct str topic, const struct schema_rule *rule)
{
    struct topic *found = topics_find(&judge->hub->topics, topic_name_of(topic).key);

    for (struct audience *audience = found ? found->first : NULL; audience;
         audience = audience->next)
        if (is_about(audience, topic))
            tell_audience(judge, audience, rule);
}

/* By the rules of today, of what the change has left where its cells tell. */
static void tell_again(struct judge *judge, struct place *place, const struct schema_rule *rule)
{
    struct audience *audience = place->audience;
    struct client *client = place->client;
    struct str data = STR_NONE;

    client->told = judge->number;
    judge->is_slow = is_too_much(judge, audience);
    if (!judge->is_slow)
        data = ask_audience(judge, audience, rule);
    if (data.p)
        client_send(client, audience->name, data, judge->number);
    if (judge->is_cut || judge->is_slow)
        replay_resync(place);
    judge->is_cut = false;
}

static void tell_behind(struct judge *judge, struct str topic, const struct schema_rule *rule)
{
    const struct behind *it =
        (const struct behind *)map_find(judge->behind, topic_name_of(topic).key);

    for (; it; it = it->next) {
        struct place *place = it->place;

        if (place->behind == 0 || !is_about(place->audience, topic))
            continue;
        judge->n_last += judge->number == place->client->position;
        if (place->behind <= judge->number || judge->is_last)
            tell_again(judge, place, rule);
    }
}

static void tell_topic(struct judge *judge, struct str topic, const struct schema_rule *rule)
{
    if (judge->behind)
        tell_behind(judge, topic, rule);
    else
        tell_audiences(judge, topic, rule);
}

static void tell_name(struct judge *judge, struct str name)
{
    const struct schema_col *col = judge->rec->col;
    struct arena *a = judge->kept;

    tell_topic(judge, name, &col->list_rule);
    tell_topic(judge, arena_concat(a, name, STR("/*"), STR_NONE), &col->list_rule);
    tell_topic(judge, arena_concat(a, name, STR("/"), rec_id(judge->rec)), &col->view_rule);
}

static void tell(struct judge *judge)
{
    const struct schema_col *col = judge->rec->col;

    judge->at_us = clock_us();
    tell_name(judge, col->name);
    if (!str_eq(col->name, col->id))
        tell_name(judge, col->id);
}

/* --- states ---------------------------------------------------------------------------------- */

/* A record in the course of a unit: what it was before, and is behind it. */
struct course {
    const struct rec *before, *behind; /* NULL: it was not there, is no more */
};

static struct str course_key(struct arena *a, const struct rec_change *change)
{
    return arena_concat(a, change->col->id, STR("/"),
                        rec_id(change->now ? change->now : change->old));
}

/* Nothing of one change, which is its own course. */
static struct map find_courses(struct arena *a, const struct rec_changes *changes)
{
    struct map courses = {0};

    if (changes->n == 1)
        return courses;
    for (const struct rec_change *it = changes->first; it; it = it->next) {
        struct str key = course_key(a, it);
        struct course *course = (struct course *)map_find(&courses, key);

        if (!course) {
            course = ARENA_NEW(a, struct course);
            course->before = it->old;
            map_put(a, &courses, key, course);
        }
        course->behind = it->now;
    }
    return courses;
}

/* A delete is judged by what was before the unit, all else by what is behind it. */
static const struct rec *judged_of(const struct judge *judge, const struct map *courses,
                                   const struct rec_change *change)
{
    const bool deletes = change->action == REC_DELETE;
    const struct course *course;

    if (courses->n == 0)
        return deletes ? change->old : change->now;
    course = (const struct course *)map_find(courses, course_key(judge->a, change));
    return deletes ? course->before : course->behind;
}

/* --- all ------------------------------------------------------------------------------------- */

static void deliver(struct judge *judge, const struct rec_change *change)
{
    if (change->col->auth && change->action == REC_UPDATE)
        identities_check(judge, change->old);
    tell(judge);
}

/* Only then, as all of the unit is told to whom it deletes. */
static void let_deleted_go(struct judge *judge, const struct rec_changes *changes)
{
    for (const struct rec_change *it = changes->first; it; it = it->next)
        if (it->col->auth && it->action == REC_DELETE)
            identities_check(judge, it->old);
}

static void judge_change(struct judge *judge, const struct map *courses,
                         const struct rec_change *change)
{
    judge->action = change->action;
    judge->number = change->number;
    judge->rec = change->now ? change->now : change->old;
    judge->judged = judged_of(judge, courses, change);
    judge->stored = (struct rec_stored){0};
    judge->shapes.n = 0;
}

bool deliver_changes(struct hub *hub, struct rec_changes *changes, struct pin *pin)
{
    struct judge judge;
    struct map courses;
    bool is_known;

    desk_clear(&hub->desk);
    courses = find_courses(hub->desk.kept, changes);
    is_known = judge_begin(&judge, hub, &hub->desk, changes, pin);
    if (is_known)
        follow_schema(&judge);
    /* one at a time: what is told meanwhile has the number of the last one that was */
    for (struct rec_change *it = changes->first; it; it = it->next) {
        it->number = ++hub->last_change;
        if (!is_known)
            continue;
        judge_change(&judge, &courses, it);
        deliver(&judge, it);
    }
    if (is_known)
        let_deleted_go(&judge, changes);
    aside_judged(&judge);
    judge_end(&judge);
    return is_known;
}

/* --- again ----------------------------------------------------------------------------------- */

/* The last change that a client has heard comes once more where several of its places are about it:
 * its stream may have ended between their events, which have one id. */
static void tell_change_again(struct judge *judge)
{
    judge->n_last = 0;
    tell(judge);
    judge->is_last = judge->n_last > 1;
    if (judge->is_last)
        tell(judge);
    judge->is_last = false;
}

uint64_t deliver_again(struct hub *hub, struct rec_changes *changes, const struct map *behind,
                       uint64_t from, uint64_t until_us)
{
    AUTO(schema_return) struct schema *now = schema_borrow(hub->conf.schemas);
    struct judge judge;
    struct map courses;
    bool is_known = changes->schema == now;

    if (!is_known)
        return 0;
    desk_clear(&hub->desk);
    courses = find_courses(hub->desk.kept, changes);
    is_known = judge_begin(&judge, hub, &hub->desk, changes, NULL);
    judge.behind = behind;
    for (const struct rec_change *it = changes->first; it && is_known; it = it->next) {
        if (it->number < from)
            continue;
        judge_change(&judge, &courses, it);
        tell_change_again(&judge);
        from = it->number + 1;
        if (clock_thread_cpu_us() >= until_us)
            break;
    }
    judge_end(&judge);
    return is_known ? from : 0;
}
