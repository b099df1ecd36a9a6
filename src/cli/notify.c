/*
 * Marker files in `.notify`: written and removed at once by who changes something, watched by the
 * others through inotify, 50 ms of quiet before they reload.
 */
#include "cli/notify.h"

#include "base/id.h"
#include "base/log.h"
#include "base/thread.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEBOUNCE_MS 50
#define SUFFIX_LEN 10

enum { CHANGED_SETTINGS = 1, CHANGED_COLLECTIONS = 2 };

struct notify {
    struct app *app;
    struct str folder;
    struct str suffix; /* of this process's own markers */
    int inotify;
    int stop; /* an eventfd */
    pthread_t thread;
};

static struct str random_suffix(struct arena *a)
{
    return random_text(a, SUFFIX_LEN, ALPHABET_SECRET);
}

/* What a marker of that name means; 0: nothing, or our own. */
static unsigned changed_by(const struct notify *notify, struct str name)
{
    if (str_ends(name, notify->suffix))
        return 0;
    if (str_starts(name, STR("settings@")))
        return CHANGED_SETTINGS;
    return str_starts(name, STR("collections@")) ? CHANGED_COLLECTIONS : 0;
}

static unsigned read_events(const struct notify *notify)
{
    union {
        struct inotify_event event; /* for its alignment */
        char bytes[4096];
    } in;
    ssize_t n = read(notify->inotify, in.bytes, sizeof(in.bytes));
    unsigned changed = 0;

    for (ssize_t at = 0; at < n;) {
        struct inotify_event head;

        memcpy(&head, in.bytes + at, sizeof(head));
        if (head.len > 0)
            changed |= changed_by(notify, str_of(in.bytes + at + sizeof(head)));
        at += (ssize_t)(sizeof(head) + head.len);
    }
    return changed;
}

static void reload(const struct notify *notify, unsigned changed)
{
    AUTO(arena_free) struct arena *a = arena_new();
    struct err *err = NULL;

    if (changed & CHANGED_SETTINGS)
        err = app_reload_settings(a, notify->app);
    if (!err && (changed & CHANGED_COLLECTIONS))
        err = app_reload_schema(a, notify->app);
    if (err)
        log_error("reload.failed", LOG_STR("cause", err->cause));
}

static void watch(void *arg)
{
    const struct notify *notify = arg;
    struct pollfd fds[2] = {{.fd = notify->inotify, .events = POLLIN},
                            {.fd = notify->stop, .events = POLLIN}};
    unsigned changed = 0;

    for (;;) {
        int n = poll(fds, 2, changed ? DEBOUNCE_MS : -1);

        if (n < 0 && errno != EINTR)
            break;
        if (n > 0 && fds[1].revents)
            break;
        if (n > 0) {
            changed |= read_events(notify);
        } else if (n == 0) {
            reload(notify, changed);
            changed = 0;
        }
    }
    db_reader_close(notify->app->data);
}

static struct err *failed(struct arena *a, const struct notify *notify)
{
    return err_new(a, E_INTERNAL, NULL, "can't watch %.*s: %s", STR_ARG(notify->folder),
                   strerror(errno));
}

struct err *notify_start(struct arena *a, struct app *app)
{
    struct notify *notify = ARENA_NEW(a, struct notify);
    const char *folder;

    notify->app = app;
    notify->folder = app_path(a, app, ".notify");
    notify->suffix = random_suffix(a);
    folder = arena_cstr(a, notify->folder);
    if (mkdir(folder, 0777) != 0 && errno != EEXIST)
        return failed(a, notify);
    notify->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    notify->stop = eventfd(0, EFD_CLOEXEC);
    if (notify->inotify < 0 || notify->stop < 0 ||
        inotify_add_watch(notify->inotify, folder, IN_CREATE | IN_CLOSE_WRITE | IN_MODIFY) < 0)
        return failed(a, notify);
    notify->thread = thread_start("notify", watch, notify);
    app->notify = notify;
    return NULL;
}

void notify_stop(struct app *app)
{
    struct notify *notify = TAKE(app->notify);

    if (!notify)
        return;
    if (eventfd_write(notify->stop, 1) != 0)
        BUG("an eventfd took no count");
    thread_join(notify->thread);
    close(notify->inotify);
    close(notify->stop);
}

void notify_announce(struct app *app, const char *kind)
{
    AUTO(arena_free) struct arena *a = arena_new();
    struct str suffix = app->notify ? app->notify->suffix : random_suffix(a);
    const char *folder = arena_cstr(a, app_path(a, app, ".notify"));
    const char *marker = arena_printf(a, "%s/%s@%.*s", folder, kind, STR_ARG(suffix)).p;
    int fd = -1;

    if (mkdir(folder, 0777) == 0 || errno == EEXIST)
        fd = open(marker, O_CREAT | O_WRONLY | O_CLOEXEC, 0666);
    if (fd < 0) {
        log_warn("notify.failed", LOG_CSTR("marker", marker), LOG_CSTR("cause", strerror(errno)));
        return;
    }
    close(fd);
    (void)unlink(marker); /* one that stays is harmless: it is empty and never read */
}
