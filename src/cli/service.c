/*
 * What a service manager and the process before this one say in the environment.
 */
#include "cli/service.h"

#include "base/date.h"
#include "base/log.h"
#include "base/num.h"
#include "cli/commands.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define FIRST_FD 3 /* of those that are handed over */
#define DELETED " (deleted)"
#define SELF "/proc/self/exe"

/* ---- the socket ---------------------------------------------------------------------------- */

/* Whether the variable, which names a process, means this one. */
static bool is_for_us(const char *name)
{
    uint64_t pid;

    return num_parse_u64(str_of(getenv(name)), &pid) && pid == (uint64_t)getpid();
}

struct err *service_listener(struct arena *a, int *ret_fd)
{
    const bool ours = is_for_us("LISTEN_PID");
    const struct str text = arena_dup(a, str_of(getenv("LISTEN_FDS")));
    uint64_t n = 0;

    *ret_fd = 0;
    (void)unsetenv("LISTEN_PID"); /* children would not believe it */
    (void)unsetenv("LISTEN_FDS");
    (void)unsetenv("LISTEN_FDNAMES");
    if (!ours || str_eq(text, STR("0")))
        return NULL;
    if (!num_parse_u64(text, &n) || n != 1)
        return err_new(a, E_INTERNAL, NULL,
                       "LISTEN_FDS is \"%.*s\": one socket can be served, no more", STR_ARG(text));
    if (fcntl(FIRST_FD, F_SETFD, FD_CLOEXEC) != 0)
        return err_new(a, E_INTERNAL, NULL, "LISTEN_FDS is 1, but the descriptor %d: %s", FIRST_FD,
                       strerror(errno));
    *ret_fd = FIRST_FD;
    return NULL;
}

/* ---- what the manager is told -------------------------------------------------------------- */

/* A path, or an abstract name behind "@". False: it is neither, or too long. */
static bool socket_address(struct str name, struct sockaddr_un *ret, socklen_t *ret_n)
{
    *ret = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (name.n < 2 || name.n >= sizeof(ret->sun_path) || (name.p[0] != '/' && name.p[0] != '@'))
        return false;
    memcpy(ret->sun_path, name.p, name.n);
    if (name.p[0] == '@')
        ret->sun_path[0] = '\0';
    *ret_n = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + name.n);
    return true;
}

void service_notify(struct str lines)
{
    static struct log_pace pace;
    struct sockaddr_un to;
    socklen_t n;
    int fd;

    if (!socket_address(str_of(getenv("NOTIFY_SOCKET")), &to, &n))
        return;
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || sendto(fd, lines.p, lines.n, MSG_DONTWAIT | MSG_NOSIGNAL,
                         (const struct sockaddr *)&to, n) < 0)
        log_seldom(&pace, LOG_WARN, "service.notify.failed", LOG_CSTR("cause", strerror(errno)));
    if (fd >= 0)
        (void)close(fd); /* a datagram is sent or it is not */
}

void service_ready(struct str url)
{
    AUTO(arena_free) struct arena *a = arena_new();

    service_notify(arena_printf(a, "READY=1\nSTATUS=Serving at %.*s\nMAINPID=%lld\n", STR_ARG(url),
                                (long long)getpid()));
}

void service_ending(bool restarts)
{
    AUTO(arena_free) struct arena *a = arena_new();

    service_notify(restarts
                       ? arena_printf(a, "RELOADING=1\nMONOTONIC_USEC=%llu\nSTATUS=Restarting\n",
                                      (unsigned long long)clock_us())
                       : STR("STOPPING=1\nSTATUS=Stopping\n"));
}

void service_alive(void)
{
    service_notify(STR("WATCHDOG=1\n"));
}

uint64_t service_alive_ms(void)
{
    uint64_t us;

    if ((getenv("WATCHDOG_PID") && !is_for_us("WATCHDOG_PID")) ||
        !num_parse_u64(str_of(getenv("WATCHDOG_USEC")), &us) || us == 0)
        return 0;
    return us / 3000 + 1; /* two may come late */
}

/* ---- the restart --------------------------------------------------------------------------- */

/* Where the program is, or was before another one took its place. */
static const char *program_path(struct arena *a)
{
    char path[PATH_MAX];
    ssize_t n = readlink(SELF, path, sizeof(path));
    struct str at;

    if (n <= 0 || n == sizeof(path))
        return SELF;
    at = (struct str){path, (size_t)n};
    if (str_ends(at, STR(DELETED)))
        at.n -= sizeof(DELETED) - 1;
    return arena_cstr(a, at);
}

static bool hand_over(struct arena *a, int listener)
{
    const char *pid = arena_printf(a, "%lld", (long long)getpid()).p;
    const bool there = listener == FIRST_FD ? fcntl(listener, F_SETFD, 0) == 0
                                            : dup2(listener, FIRST_FD) == FIRST_FD;

    return there && setenv("LISTEN_PID", pid, 1) == 0 && setenv("LISTEN_FDS", "1", 1) == 0;
}

int service_restart(char *const *arguments, int listener)
{
    AUTO(arena_free) struct arena *a = arena_new();

    if (!arguments || (listener >= 0 && !hand_over(a, listener)))
        return command_fail("the restart has failed: the listener cannot be handed over");
    service_alive();    /* what follows is a whole start */
    (void)fflush(NULL); /* output that cannot be written is lost either way */
    (void)execv(program_path(a), arguments);
    (void)execv(SELF, arguments); /* nothing stands there any more, or nothing that runs */
    return command_fail("the restart has failed: %s: %s", program_path(a), strerror(errno));
}
