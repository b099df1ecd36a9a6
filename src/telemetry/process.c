/*
 * What the system tells of the process (Linux: /proc/self).
 */
#include "telemetry/metrics.h"

#include "base/num.h"
#include "base/str.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

static uint64_t rss_bytes(void)
{
    char text[256];
    const int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    const ssize_t n = fd >= 0 ? read(fd, text, sizeof(text)) : -1;
    struct str rest = {text, n > 0 ? (size_t)n : 0};
    uint64_t pages = 0;

    if (fd >= 0)
        (void)close(fd);
    if (rest.n == 0)
        return 0;
    (void)str_split(&rest, ' '); /* the size of the address space */
    if (!rest.p || !num_parse_u64(str_split(&rest, ' '), &pages))
        return 0;
    return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* Not by opendir(): ThreadSanitizer does not see it open the descriptor, nor libuv close the one
 * that had the number before, and takes the two for one. */
static DIR *open_descriptors(void)
{
    const int fd = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;

    if (fd >= 0 && !dir)
        (void)close(fd);
    return dir;
}

static uint64_t count_descriptors(void)
{
    DIR *dir = open_descriptors();
    const struct dirent *entry;
    uint64_t n = 0;

    if (!dir)
        return 0;
    while ((entry = readdir(dir)))
        n += entry->d_name[0] != '.';
    (void)closedir(dir);
    return n > 0 ? n - 1 : 0; /* but the one that was opened to look */
}

static uint64_t us_of(struct timeval time)
{
    return (uint64_t)time.tv_sec * 1000000 + (uint64_t)time.tv_usec;
}

struct metrics_process metrics_process(void)
{
    struct metrics_process process = {.rss_bytes = rss_bytes(), .descriptors = count_descriptors()};
    struct rusage usage;
    struct rlimit limit;

    if (getrusage(RUSAGE_SELF, &usage) == 0)
        process.cpu_us = us_of(usage.ru_utime) + us_of(usage.ru_stime);
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
        process.max_descriptors = limit.rlim_cur;
    return process;
}
