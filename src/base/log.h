/*
 * base/log: events with typed fields, one line each, on standard error.
 *
 *   log_info("record.created", LOG_STR("collection", col->name), LOG_U64("took_us", took_us));
 *
 * error wakes someone, warn can wait for morning, info tells the story, debug is for --dev.
 * Any thread. Nothing here takes a secret.
 */
#ifndef REEVE_BASE_LOG_H
#define REEVE_BASE_LOG_H

#include "base/str.h"

#include <stdatomic.h>
#include <stdint.h>

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

enum log_type { LOG_TYPE_STR, LOG_TYPE_U64, LOG_TYPE_I64 };

struct log_field {
    const char *name; /* NULL ends the list */
    enum log_type type;
    struct str text;
    uint64_t number;
};

#define LOG_STR(name, s) ((struct log_field){(name), LOG_TYPE_STR, (s), 0})
#define LOG_CSTR(name, s) ((struct log_field){(name), LOG_TYPE_STR, str_of(s), 0})
#define LOG_U64(name, u) ((struct log_field){(name), LOG_TYPE_U64, STR_NONE, (u)})
#define LOG_I64(name, i) ((struct log_field){(name), LOG_TYPE_I64, STR_NONE, (uint64_t)(i)})

/* Events below this level are dropped. Set at start, before threads. */
void log_set_level(enum log_level level);
void log_write(enum log_level level, const char *event, const struct log_field *fields);

/* Has tap() called with each event that is not dropped, on the thread that logs and after its line
 * is written; what it is given is borrowed for the call. It must not log. tap NULL: no more. One
 * for the process; set while no other thread logs. */
void log_set_tap(void (*tap)(void *user, enum log_level level, const char *event,
                             const struct log_field *fields),
                 void *user);

/*
 * What comes with every request once it has come, as a full disk does: a line a second at most, the
 * next one says how many were left out. Each place has a pace of its own, static and zero at start.
 *
 *   static struct log_pace pace;
 *   log_seldom(&pace, LOG_ERROR, "files.failed", LOG_STR("path", path));
 */
struct log_pace {
    atomic_uint_fast64_t due_ms;
    atomic_uint_fast64_t left_out;
};
/* Whether there may be a line at that time of clock_ms(). */
bool log_pace_take(struct log_pace *pace, uint64_t now_ms, uint64_t *ret_left_out);
void log_write_seldom(struct log_pace *pace, enum log_level level, const char *event,
                      const struct log_field *fields);

/* The list of fields ends in an empty one, which is also what stands there without any. */
#define LOG_AT_(level, event, ...) \
    log_write((level), (event), (const struct log_field[]){__VA_ARGS__})
#define LOG_AT(level, ...) LOG_AT_(level, __VA_ARGS__, {0})
#define log_seldom_(pace, level, event, ...) \
    log_write_seldom((pace), (level), (event), (const struct log_field[]){__VA_ARGS__})
#define log_seldom(pace, level, ...) log_seldom_(pace, level, __VA_ARGS__, {0})
#define log_debug(...) LOG_AT(LOG_DEBUG, __VA_ARGS__)
#define log_info(...) LOG_AT(LOG_INFO, __VA_ARGS__)
#define log_warn(...) LOG_AT(LOG_WARN, __VA_ARGS__)
#define log_error(...) LOG_AT(LOG_ERROR, __VA_ARGS__)

#endif
