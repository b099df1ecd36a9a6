/*
 * Ids of events, which say what a client has seen.
 */
#include "realtime/internal.h"

#include "base/num.h"

/* "<client>.<epoch>.<number>" */
uint64_t replay_position(const struct hub *hub, struct str last_id)
{
    const struct str epoch = {hub->replay.epoch, REPLAY_EPOCH_CHARS};
    struct str rest = last_id;
    uint64_t number;

    (void)str_split(&rest, '.');
    if (!rest.p || !str_eq(str_split(&rest, '.'), epoch) || !rest.p ||
        !num_parse_u64(rest, &number) || number == 0 || number == UINT64_MAX)
        return 0;
    return number;
}

void replay_add_id(struct buf *out, const struct client *client, uint64_t number)
{
    buf_add_bytes(out, client->id, CLIENT_ID_CHARS);
    if (!client->replays)
        return;
    BUF_ADD(out, ".");
    buf_add_bytes(out, client->hub->replay.epoch, REPLAY_EPOCH_CHARS);
    BUF_ADD(out, ".");
    buf_add_u64(out, number);
}
