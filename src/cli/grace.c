#include "cli/grace.h"

#include "base/compiler.h"
#include "base/thread.h"

#include <time.h>

#define GRACE_S 5

static void stop(const struct grace *grace, enum net_stop what)
{
    file_store_stop(grace->files, what);
    net_stop(grace->net, what);
}

static void run(void *arg)
{
    struct grace *grace = arg;
    struct timespec until;

    (void)clock_gettime(CLOCK_MONOTONIC, &until); /* that clock is always there */
    until.tv_sec += GRACE_S;
    pthread_mutex_lock(&grace->lock);
    while (!grace->over && pthread_cond_timedwait(&grace->changed, &grace->lock, &until) == 0)
        ;
    if (!grace->over)
        stop(grace, NET_STOP_ALL);
    pthread_mutex_unlock(&grace->lock);
}

void grace_begin(struct grace *grace, struct file_store *files, struct net *net)
{
    pthread_condattr_t attr;

    grace->net = net;
    grace->files = files;
    stop(grace, NET_STOP_READS);
    if (pthread_condattr_init(&attr) != 0 ||
        pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) != 0 ||
        pthread_mutex_init(&grace->lock, NULL) != 0 ||
        pthread_cond_init(&grace->changed, &attr) != 0)
        BUG("no lock to be had");
    (void)pthread_condattr_destroy(&attr);
    grace->started = thread_start("grace", run, grace, &grace->thread);
    if (!grace->started)
        stop(grace, NET_STOP_ALL);
}

void grace_end(struct grace *grace)
{
    if (!grace->files)
        return;
    pthread_mutex_lock(&grace->lock);
    grace->over = true;
    pthread_cond_signal(&grace->changed);
    pthread_mutex_unlock(&grace->lock);
    if (grace->started)
        thread_join(grace->thread);
    pthread_cond_destroy(&grace->changed);
    pthread_mutex_destroy(&grace->lock);
}
