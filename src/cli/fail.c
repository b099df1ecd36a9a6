/*
 * How a command ends that failed: one stamped line on standard error.
 */
#include "cli/commands.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

void command_stamp(char out[20])
{
    time_t now = time(NULL);
    struct tm tm;

    if (!localtime_r(&now, &tm) || strftime(out, 20, "%Y/%m/%d %H:%M:%S", &tm) == 0)
        out[0] = '\0';
}

int command_fail(const char *format, ...)
{
    char stamp[20];
    va_list args;

    command_stamp(stamp);
    fflush(stdout);
    fprintf(stderr, "%s ", stamp);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    return 1;
}

int command_fail_err(const struct err *err)
{
    if (err->cause.n > 0)
        return command_fail("%.*s", STR_ARG(err->cause));
    return command_fail("%s", err->message);
}
