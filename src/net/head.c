#include "net/internal.h"

#include "base/limits.h"
#include "base/num.h"

/* "HTTP/1.1 200 OK" begins a head; what came before was of an answer in between. */
static void begin_head(struct net_lines *lines, struct str line)
{
    struct str status = str_sub(str_from(line, str_find_byte(line, ' ') + 1), 0, 3);
    uint64_t number;

    lines->status = num_parse_u64(status, &number) ? (unsigned)number : 0;
    lines->headers.n = 0;
    lines->has_location = false;
}

static bool is_last_head(const struct net_lines *lines)
{
    bool is_redirect = lines->status >= 300 && lines->status < 400 && lines->has_location;

    return lines->status >= 200 && !(lines->follows && is_redirect);
}

bool net_lines_add(struct net_lines *lines, struct str line)
{
    size_t colon;
    struct net_header header;

    lines->n_bytes += line.n;
    if (lines->n_bytes > LIMIT_NET_HEAD_BYTES)
        return false;
    line = str_trim_space(line);
    colon = str_find_byte(line, ':');
    if (lines->whole) /* trailers: nobody asks for them */
        return true;
    if (line.n == 0) {
        lines->whole = is_last_head(lines);
        return true;
    }
    if (str_starts(line, STR("HTTP/"))) {
        begin_head(lines, line);
        return true;
    }
    if (colon == line.n)
        return true;
    header.name = arena_dup(lines->arena, str_trim_space(str_sub(line, 0, colon)));
    header.value = arena_dup(lines->arena, str_trim_space(str_from(line, colon + 1)));
    *VEC_PUSH(lines->arena, &lines->headers) = header;
    lines->has_location |= str_eq_nocase(header.name, STR("location"));
    return true;
}

struct net_head net_lines_head(const struct net_lines *lines)
{
    return (struct net_head){lines->status, lines->headers.items, lines->headers.n};
}

struct str net_header(const struct net_head *head, struct str name)
{
    for (size_t i = 0; i < head->n_headers; i++)
        if (str_eq_nocase(head->headers[i].name, name))
            return head->headers[i].value;
    return STR_NONE;
}
