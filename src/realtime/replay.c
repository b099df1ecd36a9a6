/*
 * What clients have missed is told to who comes back for it (README), or that it cannot be.
 */
#include "realtime/internal.h"

#include "base/limits.h"

static bool is_covered(const struct hub *hub, const struct client *client, struct str collection)
{
    const struct replay *replay = &hub->replay;
    const uint64_t from = client->position + 1;

    return client->position > 0 && client->position <= hub->last_change && replay->since <= from &&
           replay->wanted_since[rec_feed_slot(collection)] <= from;
}

static void resync(struct client *client, struct str name)
{
    AUTO_BUF struct buf data;

    buf_init(&data, LIMIT_SUBSCRIPTION_BYTES * 8);
    BUF_ADD(&data, "{\"topic\":");
    json_write_text(&data, name);
    BUF_ADD(&data, "}");
    client_send(client, STR("resync"), buf_str(&data), client->hub->last_change);
}

void replay_topic(struct hub *hub, struct place *place)
{
    struct client *client = place->client;
    const struct str name = place->audience->name;

    if (!client->comes_back)
        return;
    /* what is no record's is not kept */
    if (str_starts(name, STR("@")) || !is_covered(hub, client, topic_name_of(name).collection)) {
        resync(client, name);
        return;
    }
    for (struct logged *it = hub->replay.first; it; it = it->next) {
        if (it->last <= client->position)
            continue;
        if (!deliver_again(hub, it->changes, place, client->position)) {
            resync(client, name);
            return;
        }
    }
}
