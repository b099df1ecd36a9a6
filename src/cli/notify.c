/*
 * Marker files in `.notify`: written and removed at once by who changes something, watched by the
 * others through inotify, 50 ms of quiet before they reload. A reload that fails is tried again
 * until it succeeds.
 */
#include "cli/notify.h"

#include "base/compiler.h"
#include "base/date.h"
#include "base/id.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/thread.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEBOUNCE_MS 50
#define DEBOUNCE_MAX_MS 500 /* however many markers go on coming */
/* After a reload that failed: what changed may be a rule that was tightened. */
#define RETRY_MS 250
#define RELAX_MS 1000 /* between two looks at what memory can be given back */
#define SUFFIX_LEN 10

enum { CHANGED_SETTINGS = 1, CHANGED_COLLECTIONS = 2, CHANGED_FOLDER = 4, CHANGED_ALL = 3 };

struct notify {
    struct app *app;
    struct str folder;
    struct str suffix; /* of this process's own markers */
    int inotify;
    int wake; /* an eventfd: look at what follows */
    /* any thread */
    atomic_bool stopping;
    atomic_uint wanted; /* changes to read again that no marker told of */
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
        if (head.mask & IN_Q_OVERFLOW) /* events were lost */
            changed |= CHANGED_ALL;
        if (head.mask & IN_IGNORED) /* the folder is gone, and the watch with it */
            changed |= CHANGED_ALL | CHANGED_FOLDER;
        if (head.len > 0)
            changed |= changed_by(notify, str_of(in.bytes + at + sizeof(head)));
        at += (ssize_t)(sizeof(head) + head.len);
    }
    return changed;
}

static struct err *failed(struct arena *a, const struct notify *notify)
{
    return err_new(a, E_INTERNAL, NULL, "can't watch %.*s: %s", STR_ARG(notify->folder),
                   strerror(errno));
}

static struct err *watch_folder(struct arena *a, struct app *app)
{
    const struct notify *notify = app->notify;
    const char *folder = arena_cstr(a, notify->folder);

    if ((mkdir(folder, 0777) != 0 && errno != EEXIST) ||
        inotify_add_watch(notify->inotify, folder, IN_CREATE | IN_CLOSE_WRITE | IN_MODIFY) < 0)
        return failed(a, notify);
    return NULL;
}

static const struct {
    unsigned change;
    const char *what;
    struct err *(*reload)(struct arena *a, struct app *app);
} reloads[] = {
    {CHANGED_FOLDER, "the watch", watch_folder}, /* first: what is missed meanwhile is read below */
    {CHANGED_SETTINGS, "settings", app_reload_settings},
    {CHANGED_COLLECTIONS, "collections", app_reload_schema},
};

/* What is still to be read again. */
static unsigned reload(const struct notify *notify, unsigned changed, bool is_retry)
{
    AUTO(arena_free) struct arena *a = arena_new();
    unsigned left = 0;

    for (size_t i = 0; i < COUNT_OF(reloads); i++) {
        struct err *err = changed & reloads[i].change ? reloads[i].reload(a, notify->app) : NULL;

        if (!err)
            continue;
        left |= reloads[i].change;
        if (!is_retry) /* once for each change: it may go on for long */
            log_error("reload.failed", LOG_CSTR("what", reloads[i].what),
                      LOG_STR("cause", err->cause));
    }
    return left;
}

static unsigned take_wanted(struct notify *notify)
{
    eventfd_t count;

    (void)eventfd_read(notify->wake, &count); /* nothing to read: what is wanted counts */
    return atomic_exchange(&notify->wanted, 0);
}

/* Milliseconds until what has changed is read again, or something else is due. */
static int wait_ms(unsigned changed, bool is_retry, uint64_t first_ms)
{
    uint64_t passed_ms = clock_ms() - first_ms;

    if (!changed)
        return RELAX_MS;
    if (is_retry)
        return RETRY_MS;
    if (passed_ms >= DEBOUNCE_MAX_MS)
        return 0;
    return passed_ms + DEBOUNCE_MS < DEBOUNCE_MAX_MS ? DEBOUNCE_MS
                                                     : (int)(DEBOUNCE_MAX_MS - passed_ms);
}

/* This thread has time. */
static void relax(void)
{
    memory_relax();
    db_memory_relax();
}

static void watch(void *arg)
{
    struct notify *notify = arg;
    struct pollfd fds[2] = {{.fd = notify->inotify, .events = POLLIN},
                            {.fd = notify->wake, .events = POLLIN}};
    unsigned changed = 0;  /* to be read again */
    uint64_t first_ms = 0; /* when the first of it came */
    bool is_retry = false;

    while (!atomic_load(&notify->stopping)) { /* its wake-up may be among those taken below */
        int until_ms = wait_ms(changed, is_retry, first_ms);
        int n = until_ms == 0 ? 0 : poll(fds, 2, until_ms);

        if (n < 0 && errno != EINTR)
            break;
        if (n > 0) {
            unsigned more = read_events(notify) | take_wanted(notify);

            if (more && (is_retry || !changed))
                first_ms = clock_ms();
            changed |= more;
            is_retry = is_retry && !more;
        } else if (n == 0 && !changed) {
            relax();
        } else if (n == 0) {
            changed = reload(notify, changed, is_retry);
            is_retry = changed != 0;
        }
    }
    db_reader_close(notify->app->data);
}

static void wake(const struct notify *notify)
{
    if (eventfd_write(notify->wake, 1) != 0)
        BUG("an eventfd took no count");
}

struct err *notify_start(struct arena *a, struct app *app)
{
    struct notify *notify = ARENA_NEW(a, struct notify);
    struct err *err;

    notify->app = app;
    notify->folder = app_path(a, app, ".notify");
    notify->suffix = random_suffix(a);
    notify->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    notify->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (notify->inotify < 0 || notify->wake < 0)
        return failed(a, notify);
    app->notify = notify;
    err = watch_folder(a, app);
    if (err) {
        app->notify = NULL; /* there is no thread to stop */
        return err;
    }
    if (thread_start("notify", watch, notify, &notify->thread))
        return NULL;
    app->notify = NULL;
    return err_new(a, E_INTERNAL, NULL, "the system has no thread left");
}

void notify_stop(struct app *app)
{
    struct notify *notify = TAKE(app->notify);

    if (!notify)
        return;
    atomic_store(&notify->stopping, true);
    wake(notify);
    thread_join(notify->thread);
    close(notify->inotify);
    close(notify->wake);
}

static void want(struct app *app, unsigned change)
{
    if (!app->notify)
        return;
    atomic_fetch_or(&app->notify->wanted, change);
    wake(app->notify);
}

void notify_reload_schema(struct app *app)
{
    want(app, CHANGED_COLLECTIONS);
}

void notify_reload_settings(struct app *app)
{
    want(app, CHANGED_SETTINGS);
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
