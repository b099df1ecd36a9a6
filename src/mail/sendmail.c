/*
 * The system's sendmail, as a process of its own.
 *
 * It is the leader of a process group, so that what it has started ends with it. It reads the
 * message from a socket and not from a pipe, only because a write to that makes no signal. Whether
 * it has ended is looked at every few milliseconds: a grandchild may keep its descriptors open.
 */
#include "mail/internal.h"

#include "base/date.h"
#include "base/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define LOOK_MS 10
#define EX_TEMPFAIL 75 /* sysexits: may work later */

extern char **environ;

struct child {
    pid_t pid;
    int in;          /* ours; -1: closed */
    int err;         /* ours */
    struct str left; /* of the message */
    char words[LIMIT_MAIL_WORDS_BYTES];
    size_t n_words;
};

/* --- where it is ----------------------------------------------------------------------------- */

struct str mail_sendmail_find(struct arena *a, struct str path)
{
    struct str folders = arena_concat(a, STR("/usr/sbin:/usr/bin:"), path, STR_NONE);

    while (folders.p) {
        struct str folder = str_split(&folders, ':');
        struct str program = arena_concat(a, folder, STR("/sendmail"), STR_NONE);

        if (str_starts(folder, STR("/")) && access(program.p, X_OK) == 0)
            return program;
    }
    return STR_NONE;
}

/* --- its beginning --------------------------------------------------------------------------- */

/* Without what we block and ignore, in a group of its own. */
static bool set_attributes(posix_spawnattr_t *attributes)
{
    sigset_t none;
    sigset_t usual; /* what we, or who started us, may ignore */

    (void)sigemptyset(&none);
    (void)sigemptyset(&usual);
    (void)sigaddset(&usual, SIGPIPE);
    (void)sigaddset(&usual, SIGCHLD);
    return posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                                    POSIX_SPAWN_SETSIGDEF) == 0 &&
           posix_spawnattr_setpgroup(attributes, 0) == 0 &&
           posix_spawnattr_setsigmask(attributes, &none) == 0 &&
           posix_spawnattr_setsigdefault(attributes, &usual) == 0;
}

/* 0 or an errno. */
static int spawn(const char *program, int in, int err, pid_t *ret)
{
    char name[] = "sendmail";
    char dots[] = "-i";
    char headers[] = "-t";
    char *arguments[] = {name, dots, headers, NULL};
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    int failed = ENOMEM;

    if (posix_spawn_file_actions_init(&files) != 0)
        return ENOMEM;
    if (posix_spawnattr_init(&attributes) == 0) {
        if (set_attributes(&attributes) && posix_spawn_file_actions_adddup2(&files, in, 0) == 0 &&
            posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0) == 0 &&
            posix_spawn_file_actions_adddup2(&files, err, 2) == 0)
            failed = posix_spawn(ret, program, &files, &attributes, arguments, environ);
        (void)posix_spawnattr_destroy(&attributes);
    }
    (void)posix_spawn_file_actions_destroy(&files);
    return failed;
}

/* 0 or an errno; then nothing is open. */
static int begin(struct child *child, struct str program, struct str bytes)
{
    int in[2];
    int err[2];
    int failed;

    *child = (struct child){.left = bytes};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, in) != 0)
        return errno;
    if (pipe2(err, O_CLOEXEC) != 0) {
        failed = errno;
        (void)close(in[0]);
        (void)close(in[1]);
        return failed;
    }
    failed = spawn(program.p, in[1], err[1], &child->pid);
    (void)close(in[1]);
    (void)close(err[1]);
    child->in = in[0];
    child->err = err[0];
    if (failed) {
        (void)close(child->in);
        (void)close(child->err);
        return failed;
    }
    (void)fcntl(child->err, F_SETFL, O_NONBLOCK); /* of a pipe it cannot fail */
    return 0;
}

/* --- its course ------------------------------------------------------------------------------ */

static void close_in(struct child *child)
{
    (void)close(child->in);
    child->in = -1;
}

/* What there is room for. Lines end as the system's do, not as the network's. */
static void give(struct child *child)
{
    while (child->in >= 0) {
        size_t n = str_find_byte(child->left, '\r');
        ssize_t sent = 0;

        if (n > 0)
            sent = send(child->in, child->left.p, n, MSG_NOSIGNAL | MSG_DONTWAIT);
        else if (child->left.n > 0)
            sent = 1; /* passed over */
        if (sent < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (sent <= 0) /* it reads no more, or has all */
            close_in(child);
        else
            child->left = str_from(child->left, (size_t)sent);
    }
}

/* Its words, the first of them. False: there are no more for now. */
static bool hear(struct child *child)
{
    char piece[4096];
    ssize_t n = read(child->err, piece, sizeof(piece));

    for (ssize_t i = 0; i < n && child->n_words < sizeof(child->words); i++)
        child->words[child->n_words++] =
            (unsigned char)piece[i] < ' ' || piece[i] == 127 ? ' ' : piece[i];
    return n > 0;
}

/* Until something can be done, or for a few milliseconds. */
static void wait_for_some(struct child *child)
{
    struct pollfd fds[] = {{.fd = child->in, .events = POLLOUT},
                           {.fd = child->err, .events = POLLIN}};

    (void)poll(fds, COUNT_OF(fds), LOOK_MS); /* whatever it says, we look */
    if (fds[1].revents == POLLHUP)           /* closed, it would be ready all the time */
        (void)poll(NULL, 0, fds[0].revents ? 0 : LOOK_MS);
}

/* Until it has ended, and with what, or false: it was killed, since it takes too long or nobody
 * waits any more. */
static bool watch(struct child *child, uint64_t end_ms, const atomic_bool *gone, int *ret_status)
{
    pid_t ended;

    while (true) {
        give(child);
        while (hear(child))
            ;
        ended = waitpid(child->pid, ret_status, WNOHANG);
        if (ended < 0 && errno != EINTR)
            *ret_status = 0; /* it was waited for elsewhere: what it ended with is not told */
        if (ended == child->pid || (ended < 0 && errno != EINTR))
            break;
        if (clock_ms() >= end_ms || (gone && atomic_load(gone))) {
            (void)kill(-child->pid, SIGKILL); /* it is there until it was waited for */
            (void)waitpid(child->pid, ret_status, 0);
            return false;
        }
        wait_for_some(child);
    }
    while (hear(child)) /* what it has said last */
        ;
    return true;
}

/* --- its end --------------------------------------------------------------------------------- */

static struct err *end_err(struct arena *a, const struct child *child, int status)
{
    struct str words = str_trim_space((struct str){child->words, child->n_words});
    const char *colon = words.n > 0 ? ": " : "";

    if (WIFSIGNALED(status))
        return err_new(a, E_UNAVAILABLE, NULL, "sendmail: ended by signal %d%s%.*s",
                       WTERMSIG(status), colon, STR_ARG(words));
    if (WEXITSTATUS(status) != 0)
        return err_new(a, WEXITSTATUS(status) == EX_TEMPFAIL ? E_UNAVAILABLE : E_BAD_REQUEST, NULL,
                       "sendmail: exit status %d%s%.*s", WEXITSTATUS(status), colon,
                       STR_ARG(words));
    if (child->left.n > 0)
        return err_new(a, E_BAD_REQUEST, NULL, "sendmail: it has not read the message%s%.*s", colon,
                       STR_ARG(words));
    return NULL;
}

struct err *mail_by_sendmail(struct arena *a, struct str program, struct str bytes,
                             unsigned limit_ms, const atomic_bool *gone)
{
    uint64_t end_ms = clock_ms() + limit_ms;
    struct child child;
    struct err *err;
    int status = 0;
    int failed = begin(&child, program, bytes);

    if (failed)
        return err_new(a, E_UNAVAILABLE, NULL, "sendmail: %.*s: %s", STR_ARG(program),
                       strerror(failed));
    if (watch(&child, end_ms, gone, &status))
        err = end_err(a, &child, status);
    else if (gone && atomic_load(gone))
        err = err_new(a, E_GONE, NULL, "sendmail: nobody waits for it any more");
    else
        err = err_new(a, E_UNAVAILABLE, NULL, "sendmail: it takes too long");
    if (child.in >= 0)
        close_in(&child);
    (void)close(child.err);
    return err;
}
