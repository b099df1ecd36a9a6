/*
 * What others tell the hub's thread.
 */
#include "realtime/internal.h"

void hub_tell(struct hub *hub, struct note *note)
{
    note->next = NULL;
    *hub->end = note;
    hub->end = &note->next;
    (void)pthread_cond_signal(&hub->told);
}

void hub_wake_later(struct hub *hub)
{
    hub->woken = true;
}

void hub_cut(struct hub *hub)
{
    (void)pthread_mutex_lock(&hub->lock);
    hub->cut = true;
    (void)pthread_cond_signal(&hub->told);
    (void)pthread_mutex_unlock(&hub->lock);
}
