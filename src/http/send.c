/*
 * Sending. Head and body go out in one system call where the socket takes them; what it does not
 * take is left to libuv, and the exchange with what it sends stays until that is done.
 *
 * A file goes from the page cache to the socket (sendfile) a piece at a time: what is not in the
 * cache is brought there by a pool thread, so that no loop waits for a disk. Where the socket is
 * full, and after every few pieces so that the loop's other connections have their turn, the next
 * bytes are read and left to libuv, which says when they are out.
 */
#include "http/internal.h"

#include "base/limits.h"
#include "base/log.h"

#include <errno.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <unistd.h>

#define SMALL_BODY 2048 /* copied behind the head: cheaper for the kernel than a second piece */
#define PIECE_BYTES ((size_t)256 * 1024)
#define PIECES_A_TURN 4
#define SMALL_FILE ((uint64_t)64 * 1024)

static void on_written(uv_write_t *write, int status)
{
    struct exchange *ex = write->data;
    struct http_loop *loop = ex->conn->loop;

    if (status != 0)
        conn_close(ex->conn);
    conn_next(ex->conn);
    watch_end(loop, "written");
}

static void give_up(struct http_conn *conn)
{
    conn_enter(conn,
               CONN_WRITE); /* the exchange is not the handler's any more, nor a part of one */
    conn_close(conn);
    conn_next(conn);
}

/* A head that did not fit into its buffer has emptied it: a body alone would be read as an answer
 * that whoever chose its text has made up. */
static bool head_is_whole(struct exchange *ex)
{
    if (!ex->head.full)
        return true;
    log_error("http.head_too_large", LOG_STR("path", ex->req.path));
    return false;
}

/* What has not gone out at once, in order. */
struct rest {
    uv_buf_t pieces[2];
    unsigned n;
};

/* False: the connection is of no use any more. */
static bool try_send(struct exchange *ex, struct str body, struct rest *ret)
{
    uv_stream_t *stream = (uv_stream_t *)&ex->conn->tcp;
    uv_buf_t pieces[2] = {piece_of(buf_str(&ex->head)), piece_of(body)};
    int n = uv_try_write(stream, pieces, body.n ? 2 : 1);
    size_t sent = n > 0 ? (size_t)n : 0;

    ex->conn->n_sent += sent;
    ret->n = 0;
    for (unsigned i = 0; i < 2; i++) {
        size_t gone = sent < pieces[i].len ? sent : pieces[i].len;

        sent -= gone;
        if (pieces[i].len > gone)
            ret->pieces[ret->n++] =
                uv_buf_init(pieces[i].base + gone, (unsigned)(pieces[i].len - gone));
    }
    return n >= 0 || n == UV_EAGAIN;
}

/* Leaves the rest to libuv. */
static void wait_for_client(struct exchange *ex, const struct rest *rest, uv_write_cb done)
{
    struct http_conn *conn = ex->conn;

    conn_enter(conn, CONN_WRITE);
    for (unsigned i = 0; i < rest->n; i++)
        conn->n_sent += rest->pieces[i].len;
    ex->write.data = ex;
    if (uv_write(&ex->write, (uv_stream_t *)&conn->tcp, rest->pieces, rest->n, done) != 0)
        give_up(conn);
}

void send_answer(struct exchange *ex, struct str body)
{
    struct http_conn *conn = ex->conn;
    struct rest rest;

    if (body.n <= SMALL_BODY) {
        buf_add(&ex->head, body);
        body = STR_NONE;
    }
    if (!head_is_whole(ex) || !try_send(ex, body, &rest)) {
        give_up(conn);
    } else if (rest.n == 0) {
        conn_next(conn); /* nearly always: no state in between, no deadline */
    } else {
        exchange_shrink(ex);
        ex->unread = ex->req.resp.body.cap;
        atomic_fetch_add(&conn->loop->server->unread_bytes, ex->unread);
        wait_for_client(ex, &rest, on_written);
    }
}

/* ---- files --------------------------------------------------------------------------------- */

static void file_go_on(struct exchange *ex);
static void file_begin_part(struct exchange *ex);

static void on_file_written(uv_write_t *write, int status)
{
    struct exchange *ex = write->data;
    struct http_conn *conn = ex->conn;
    struct http_loop *loop = conn->loop;

    if (ex->piece)
        spare_buffer_put(loop, TAKE(ex->piece), IN_BYTES);
    if (status != 0)
        conn_close(conn);
    if (conn->state == CONN_CLOSED)
        conn_next(conn);
    else
        file_go_on(ex);
    watch_end(loop, "file");
}

/* The next bytes by way of libuv. */
static void file_by_memory(struct exchange *ex)
{
    struct resp_file *file = &ex->req.resp.file;
    size_t n = file->n < IN_BYTES ? (size_t)file->n : IN_BYTES;
    ssize_t got;
    struct rest rest = {.n = 1};

    ex->piece = spare_buffer_get(ex->conn->loop);
    got = pread(file->fd, ex->piece, n, (off_t)file->at);
    if (got <= 0) { /* it is shorter than it was, or its disk fails */
        spare_buffer_put(ex->conn->loop, TAKE(ex->piece), IN_BYTES);
        give_up(ex->conn);
        return;
    }
    file->at += (uint64_t)got;
    file->n -= (uint64_t)got;
    rest.pieces[0] = uv_buf_init(ex->piece, (unsigned)got);
    wait_for_client(ex, &rest, on_file_written);
}

/* Whether the kernel has the piece; where it does not say, it has not. */
static bool is_cached(const struct resp_file *file, size_t n)
{
    const uint64_t ends[] = {file->at, file->at + n - 1};
    char byte;
    struct iovec one = {&byte, 1};

    for (size_t i = 0; i < COUNT_OF(ends); i++)
        if (preadv2(file->fd, &one, 1, (off_t)ends[i], RWF_NOWAIT) != 1)
            return false;
    return true;
}

static void on_fetched(struct req *req)
{
    struct http_conn *conn = req->conn;

    conn->exchange->fetched = true;
    if (conn->state == CONN_CLOSED) {
        conn_next(conn);
        return;
    }
    conn_enter(conn, CONN_WRITE);
    file_go_on(conn->exchange);
}

static void fetch_on_pool(struct job *job)
{
    struct req *req = (struct req *)(void *)((char *)job - offsetof(struct req, job));
    const struct resp_file *file = &req->resp.file;
    char bytes[16 * KIB];
    uint64_t at = file->at, end = at + (file->n < PIECE_BYTES ? file->n : PIECE_BYTES);
    ssize_t got = 1;

    /* What cannot be read shows when it is sent. */
    for (; at < end && got > 0; at += got > 0 ? (uint64_t)got : 0)
        got =
            pread(file->fd, bytes, end - at < sizeof(bytes) ? end - at : sizeof(bytes), (off_t)at);
    req_resume(req, on_fetched, true);
}

/* False: no pool thread is to be had. */
static bool fetch(struct exchange *ex)
{
    struct pool *pool = ex->conn->loop->server->conf.pool;

    ex->req.job.run = fetch_on_pool;
    if (!pool || !pool_submit(pool, POOL_WORK, &ex->req.job))
        return false;
    conn_enter(ex->conn, CONN_FETCH);
    return true;
}

enum sent { SENT_SOME, SENT_NONE, SENT_BROKEN };

static enum sent send_from_cache(struct exchange *ex, size_t n)
{
    struct resp_file *file = &ex->req.resp.file;
    off_t at = (off_t)file->at;
    ssize_t sent;
    int fd;

    if (uv_fileno((const uv_handle_t *)&ex->conn->tcp, &fd) != 0)
        return SENT_BROKEN;
    sent = sendfile(fd, file->fd, &at, n);
    if (sent < 0 && (errno == EAGAIN || errno == EINTR))
        return SENT_NONE;
    if (sent <= 0)
        return SENT_BROKEN;
    file->at += (uint64_t)sent;
    file->n -= (uint64_t)sent;
    ex->conn->n_sent += (uint64_t)sent;
    return SENT_SOME;
}

static void file_go_on(struct exchange *ex)
{
    struct resp_file *file = &ex->req.resp.file;

    for (int i = 0; i < PIECES_A_TURN && file->n > 0; i++) {
        size_t n = file->n < PIECE_BYTES ? (size_t)file->n : PIECE_BYTES;
        enum sent sent;

        if (!ex->fetched && !is_cached(file, n) && fetch(ex))
            return;
        ex->fetched = false;
        sent = send_from_cache(ex, n);
        if (sent == SENT_BROKEN) {
            give_up(ex->conn);
            return;
        }
        if (sent == SENT_NONE)
            break;
    }
    if (file->n > 0)
        file_by_memory(ex);
    else if (file->part < file->n_parts)
        file_begin_part(ex);
    else
        conn_next(ex->conn);
}

/* Its text first; what follows comes once that is out. */
static void file_begin_part(struct exchange *ex)
{
    struct resp_file *file = &ex->req.resp.file;
    const struct resp_part *part = &file->parts[file->part++];
    struct rest rest = {.n = 1};

    rest.pieces[0] = piece_of(str_sub(buf_str(&ex->req.resp.body), file->text_at, part->n_text));
    file->text_at += part->n_text;
    file->at = part->at;
    file->n = part->n;
    wait_for_client(ex, &rest, on_file_written);
}

/* Into the answer's body, where it is short and in the cache: to copy it costs less than calls of
 * its own do. */
static bool read_small(struct exchange *ex)
{
    struct resp *resp = &ex->req.resp;
    struct iovec all = {.iov_len = (size_t)resp->file.n};

    if (resp->file.n_parts > 0 || resp->file.n == 0 || resp->file.n > SMALL_FILE)
        return false;
    all.iov_base = buf_reserve(&resp->body, all.iov_len);
    if (!all.iov_base ||
        preadv2(resp->file.fd, &all, 1, (off_t)resp->file.at, RWF_NOWAIT) != (ssize_t)all.iov_len)
        return false;
    buf_grew(&resp->body, all.iov_len);
    req_drop_file(resp);
    return true;
}

void send_file(struct exchange *ex)
{
    struct rest rest;

    if (read_small(ex)) {
        send_answer(ex, buf_str(&ex->req.resp.body));
        return;
    }
    if (!head_is_whole(ex) || !try_send(ex, STR_NONE, &rest)) {
        give_up(ex->conn);
        return;
    }
    exchange_shrink(ex);
    if (rest.n > 0) {
        wait_for_client(ex, &rest, on_file_written);
        return;
    }
    conn_enter(ex->conn, CONN_WRITE);
    file_go_on(ex);
}
