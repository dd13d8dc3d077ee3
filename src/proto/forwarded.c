/* Fields by which proxies name their clients. Pure; any thread. */
#include "forwarded.h"

/* The elements of all fields of one name, in their order. */
struct list {
    struct str items[FORWARDED_MAX];
    unsigned n;
    bool too_long;
};

/* Up to the next comma or semicolon that is not between quotes. */
static struct str take_item(struct str *rest, char separator)
{
    bool quoted = false;
    size_t i = 0;
    while (i < rest->len && (quoted || rest->p[i] != separator)) {
        quoted = quoted != (rest->p[i] == '"');
        i++;
    }
    struct str item = str_make(rest->p, i);
    if (i < rest->len) {
        rest->p += i + 1;
        rest->len -= i + 1;
    } else {
        *rest = (struct str){0};
    }
    return item;
}

static void gather(const struct http_head *head, struct str name, struct list *list)
{
    for (unsigned i = 0; i < head->n_fields; i++) {
        struct str rest = head->fields[i].value;
        while (rest.p != NULL && str_eq_nocase(head->fields[i].name, name)) {
            struct str item = http_trim(take_item(&rest, ','));
            if (item.len > 0 && list->n == FORWARDED_MAX) {
                list->too_long = true;
            } else if (item.len > 0) {
                list->items[list->n++] = item;
            }
        }
    }
}

/* "192.0.2.1", "192.0.2.1:4711", "2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:4711". */
static int parse_node(struct str node, struct address *ret)
{
    if (node.len > 0 && node.p[0] == '[') {
        const char *end = memchr(node.p, ']', node.len);
        if (end == NULL) {
            return STATUS_MALFORMED;
        }
        struct str after = str_make(end + 1, node.len - (size_t)(end + 1 - node.p));
        uint64_t port;
        if (after.len > 0 &&
            (after.p[0] != ':' || str_to_u64(str_make(after.p + 1, after.len - 1), &port) < 0)) {
            return STATUS_MALFORMED;
        }
        return address_parse(str_make(node.p + 1, (size_t)(end - node.p) - 1), ret);
    }
    const char *colon = node.len > 0 ? memchr(node.p, ':', node.len) : NULL;
    if (colon != NULL && memchr(node.p, '.', (size_t)(colon - node.p)) != NULL) {
        node.len = (size_t)(colon - node.p);
    }
    return address_parse(node, ret);
}

static struct str unquote(struct str s)
{
    bool quoted = s.len >= 2 && s.p[0] == '"' && s.p[s.len - 1] == '"';
    return quoted ? str_make(s.p + 1, s.len - 2) : s;
}

/* The value of `key` in "for=…;proto=…". */
static struct str pair_of(struct str element, struct str key)
{
    while (element.p != NULL) {
        struct str value = http_trim(take_item(&element, ';'));
        struct str name = str_split(&value, '=');
        if (value.p != NULL && str_eq_nocase(http_trim(name), key)) {
            return unquote(http_trim(value));
        }
    }
    return (struct str){0};
}

/* The address of an element of the one field or the other. */
static int node_of(struct str element, bool pairs, struct address *ret)
{
    return parse_node(pairs ? pair_of(element, STR("for")) : element, ret);
}

/* From the last element back to the first that is no proxy of ours; *ret_at is its number. */
static int walk(const struct list *list, bool pairs, const struct network *trusted,
                size_t n_trusted, struct address *ret, unsigned *ret_at)
{
    if (list->too_long) {
        return STATUS_TOO_LONG;
    }
    if (list->n == 0) {
        return STATUS_NOT_FOUND;
    }
    for (unsigned i = list->n; i-- > 0;) {
        struct address address;
        int status = node_of(list->items[i], pairs, &address);
        if (status < 0) {
            return status;
        }
        *ret = address;
        *ret_at = i;
        if (!networks_have(trusted, n_trusted, &address)) {
            break;
        }
    }
    return STATUS_OK;
}

int forwarded_read(const struct http_head *head, const struct network *trusted, size_t n_trusted,
                   struct forwarded *ret)
{
    struct list old = {.n = 0};
    struct list new = {.n = 0};
    struct list protos = {.n = 0};
    struct address by_old;
    struct address by_new;
    unsigned at = 0;
    gather(head, STR("X-Forwarded-For"), &old);
    gather(head, STR("Forwarded"), &new);
    gather(head, STR("X-Forwarded-Proto"), &protos);
    int old_status = walk(&old, false, trusted, n_trusted, &by_old, &at);
    int new_status = walk(&new, true, trusted, n_trusted, &by_new, &at);
    if (old_status == STATUS_NOT_FOUND && new_status == STATUS_OK) {
        struct str proto = pair_of(new.items[at], STR("proto"));
        *ret = (struct forwarded){by_new, str_eq_nocase(proto, STR("https"))};
        return STATUS_OK;
    }
    if (old_status != STATUS_OK) {
        return old_status == STATUS_NOT_FOUND ? new_status : old_status;
    }
    if (new_status != STATUS_NOT_FOUND &&
        (new_status != STATUS_OK || !address_eq(&by_old, &by_new))) {
        return STATUS_MALFORMED;
    }
    bool secure = protos.n > 0 && str_eq_nocase(protos.items[protos.n - 1], STR("https"));
    *ret = (struct forwarded){by_old, secure};
    return STATUS_OK;
}
