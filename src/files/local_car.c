/*
 * Paths below storage/, and side-cars (data-dir.md 12.2).
 */
#include "files/local.h"

#include "base/buf.h"
#include "base/crypto.h"
#include "base/json.h"

const char *local_path(struct arena *a, const struct local *local, struct str key)
{
    return arena_cstr(a, arena_printf(a, "%.*s/%s%s%.*s", STR_ARG(local->dir), local->folder,
                                      key.n ? "/" : "", STR_ARG(key)));
}

const char *local_car_path(struct arena *a, const char *path)
{
    return arena_cstr(a, arena_printf(a, "%s" LOCAL_CAR, path));
}

/* --- side-cars -------------------------------------------------------------------------------- */

struct str local_write_car(struct arena *a, const struct file_content *content,
                           const struct blob_info *info)
{
    AUTO_BUF struct buf out;
    const struct str sum = {(const char *)content->md5, sizeof(content->md5)};

    buf_init(&out, LOCAL_CAR_MAX);
    BUF_ADD(&out, "{\"user.cache_control\":\"\",\"user.content_disposition\":\"\","
                  "\"user.content_encoding\":\"\",\"user.content_language\":\"\","
                  "\"user.content_type\":");
    json_write_text(&out, info->type);
    BUF_ADD(&out, ",\"user.metadata\":{");
    if (info->original.p) {
        BUF_ADD(&out, "\"original-filename\":");
        json_write_text(&out, blob_original(info->original));
    }
    BUF_ADD(&out, "},\"md5\":");
    json_write_text(&out, base64_encode(a, sum));
    BUF_ADD(&out, "}");
    return arena_dup(a, buf_str(&out));
}

static struct str text_at(const struct json *object, struct str name)
{
    const struct json *text = object && object->type == JSON_OBJECT ? json_get(object, name) : NULL;

    return text && text->type == JSON_TEXT ? text->text : STR_NONE;
}

void local_read_car(struct arena *a, struct str text, struct blob_info *info)
{
    const struct json *car = NULL;

    if (!json_read(a, text, &json_limits_body, &car, NULL))
        car = NULL;
    info->type = text_at(car, STR("user.content_type"));
    if (info->type.n == 0)
        info->type = STR("application/octet-stream");
    if (car && car->type == JSON_OBJECT)
        info->original = text_at(json_get(car, STR("user.metadata")), STR("original-filename"));
}
