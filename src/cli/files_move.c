/*
 * reeve files move --to s3|local [--remove]: from one place to the other, while it is in use; then
 * out of the first.
 */
#include "cli/commands.h"
#include "cli/files.h"

#include "base/date.h"
#include "files/copy.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#define REDRAWN_MS 100
#define LINE_MS 5000
#define BAR_CELLS 30

struct move {
    struct arena *a;
    const struct options *options;
    struct settings *settings;
    enum files_where from, to;
    struct net *net;
    struct file_store *store; /* for its folder of temporary files */
    struct blob_place *from_place, *to_place;
    struct file_copy_report report;
    /* how far it is */
    bool is_terminal;
    uint64_t told_ms;
};

/* --- progress --------------------------------------------------------------------------------- */

/* In thousandths. Files that are empty count, too. */
static unsigned part_of(const struct file_copy_report *report)
{
    const uint64_t whole = report->total_bytes + report->total_files;
    const uint64_t done = report->bytes + report->files;

    if (whole == 0 || done >= whole)
        return 1000;
    return (unsigned)((double)done * 1000 / (double)whole);
}

static void print_progress(const struct move *m, const struct file_copy_report *report)
{
    const unsigned part = part_of(report), filled = part * BAR_CELLS / 1000;

    if (m->is_terminal) {
        fputs("\r[", stdout);
        for (unsigned i = 0; i < BAR_CELLS; i++)
            fputc(i < filled ? '#' : '.', stdout);
        fputs("] ", stdout);
    }
    printf("%3u %%  %" PRIu64 " of %" PRIu64 " files, %.1f of %.1f MB", part / 10, report->files,
           report->total_files, (double)report->bytes / 1e6, (double)report->total_bytes / 1e6);
    fputs(m->is_terminal ? "\033[K" : "\n", stdout);
    fflush(stdout);
}

static void progress(void *user, const struct file_copy_report *report)
{
    struct move *m = user;
    const uint64_t now_ms = clock_ms();

    if (now_ms - m->told_ms < (m->is_terminal ? REDRAWN_MS : LINE_MS))
        return;
    m->told_ms = now_ms;
    print_progress(m, report);
}

/* --- what came of it -------------------------------------------------------------------------- */

static void print_failures(const struct file_copy_report *report)
{
    for (uint64_t i = 0; i < report->failed && i < FILE_COPY_FAILURES; i++)
        (void)command_fail("%.*s: %.*s", STR_ARG(report->failures[i].key),
                           STR_ARG(report->failures[i].cause)); /* says it; its code is ours */
    if (report->failed > FILE_COPY_FAILURES)
        (void)command_fail("and %" PRIu64 " more", report->failed - FILE_COPY_FAILURES);
}

static void print_sums(const struct move *m, const char *done, const char *kept)
{
    const struct file_copy_report *report = &m->report;

    printf("%s %s (%" PRIu64 " bytes); %s: %" PRIu64 "; went meanwhile: %" PRIu64
           "; no files of records: %" PRIu64 "; failed: %" PRIu64 "\n",
           done, arena_cstr(m->a, files_count(m->a, report->done, "file", "files")),
           report->done_bytes, kept, report->kept, report->gone, report->foreign, report->failed);
}

static void print_next(const struct move *m)
{
    const char *exe = arena_cstr(m->a, m->options->exe), *to = files_where_name(m->to);

    if (files_where_now(m->settings) != m->to)
        printf("Next: switch the setting s3.enabled %s; run this again for what came meanwhile; "
               "then\n  %s files move --to %s --remove\n",
               m->to == FILES_S3 ? "on" : "off", exe, to);
    else
        printf("Next: %s files move --to %s --remove\n", exe, to);
}

/* --- the command ------------------------------------------------------------------------------ */

/* Sets `copy` up; the rest of a move. */
static struct err *prepare(struct move *m, struct file_copy *copy)
{
    struct err *err;

    err = files_place(m->a, m->options, m->settings, m->net, m->from, &m->from_place);
    if (!err)
        err = files_place(m->a, m->options, m->settings, m->net, m->to, &m->to_place);
    m->store = file_store_new(m->options->dir, false);
    if (!err)
        err = file_store_temp_dir(m->a, m->store, &copy->temp);
    copy->from = m->from_place;
    copy->to = m->to_place;
    copy->md5 = m->from == FILES_LOCAL ? local_md5 : NULL;
    copy->progress = progress;
    copy->user = m;
    return err;
}

static struct err *copy_or_remove(struct move *m)
{
    struct file_copy copy = {0};
    struct err *err;

    if (m->options->remove && files_where_now(m->settings) == m->from)
        return err_new(m->a, E_BAD_REQUEST, NULL,
                       "the files are still in use where they are: the setting s3.enabled is %s",
                       m->settings->s3.enabled ? "on" : "off");
    err = prepare(m, &copy);
    if (err)
        return err;
    m->told_ms = clock_ms();
    err = m->options->remove ? file_copy_remove(m->a, &copy, &m->report)
                             : file_copy_run(m->a, &copy, &m->report);
    if (m->is_terminal) {
        print_progress(m, &m->report);
        fputc('\n', stdout);
    }
    print_failures(&m->report);
    return err;
}

static int end(const struct move *m)
{
    if (m->options->remove)
        print_sums(m, "removed", "not at the target, and kept");
    else
        print_sums(m, "copied", "there already");
    if (m->report.failed == 0 && !m->options->remove)
        print_next(m);
    if (fflush(stdout) != 0)
        return command_fail("what was done could not be written");
    return m->report.failed > 0 || (m->options->remove && m->report.kept > 0);
}

int files_move(struct arena *a, const struct options *options)
{
    struct move m = {.a = a, .options = options, .is_terminal = isatty(STDOUT_FILENO) == 1};
    struct err *err;
    int code;

    if (!files_where_read(options->to, &m.to))
        return command_fail("usage: %.*s files move --to s3|local [--remove]",
                            STR_ARG(options->exe));
    m.net = net_new();
    m.from = m.to == FILES_S3 ? FILES_LOCAL : FILES_S3;
    err = files_settings(a, options, &m.settings);
    if (!err)
        err = copy_or_remove(&m);
    file_store_free(m.store);
    blob_place_unref(m.from_place);
    blob_place_unref(m.to_place);
    net_free(m.net);
    code = err ? command_fail_err(err) : end(&m);
    settings_unref(m.settings);
    return code;
}
