/*
 * Keys of stored files: only those that are checked here reach a storage.
 */
#include "files/internal.h"

struct str file_key_text(struct arena *a, const struct file_key *key)
{
    struct str text = key->col;

    if (key->rec.n)
        text = arena_concat(a, text, STR("/"), key->rec);
    if (key->name.n)
        text = arena_concat(a, text, STR("/"), key->name);
    return text;
}

static bool is_name(struct str name)
{
    size_t slash = str_find_byte(name, '/');
    struct str folder = str_sub(name, 0, slash);

    if (slash < name.n) {
        if (!str_starts(folder, STR("thumbs_")) || !file_is_segment(folder))
            return false;
        name = str_from(name, slash + 1);
    }
    return file_is_segment(name) && !str_ends(name, STR(".attrs"));
}

bool store_is_safe(const struct file_key *key)
{
    return file_is_segment(key->col) && file_is_segment(key->rec) && is_name(key->name);
}

bool file_key_read(struct str text, struct file_key *ret)
{
    struct str rest = text;

    ret->col = str_split(&rest, '/');
    if (!rest.p)
        return false;
    ret->rec = str_sub(rest, 0, str_find_byte(rest, '/'));
    ret->name = str_from(rest, ret->rec.n + 1);
    return store_is_safe(ret);
}

struct str file_key_original(const struct file_key *key)
{
    const size_t slash = str_find_byte(key->name, '/');
    struct str thumb, name;

    if (slash == key->name.n)
        return key->name;
    name = str_from(str_sub(key->name, 0, slash), STR("thumbs_").n);
    thumb = str_from(key->name, slash + 1);
    if (thumb.n <= name.n + 1 || !str_ends(thumb, name) || thumb.p[thumb.n - name.n - 1] != '_')
        return STR_NONE;
    return name;
}
