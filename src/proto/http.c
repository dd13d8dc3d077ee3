/* The head of an HTTP request, and answers. Pure; any thread. */
#include "http.h"

static bool is_token(struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = ascii_lower(s.p[i]);
        bool alphanumeric = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (!alphanumeric && (c == '\0' || strchr("!#$%&'*+-.^_`|~", c) == NULL)) {
            return false;
        }
    }
    return s.len > 0;
}

static bool is_target(struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.p[i] <= ' ' || s.p[i] > '~') {
            return false;
        }
    }
    return s.len > 0;
}

static bool is_value(struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if ((c < ' ' && c != '\t') || c == 0x7F) {
            return false;
        }
    }
    return true;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t';
}

struct str http_trim(struct str s)
{
    while (s.len > 0 && is_space(s.p[0])) {
        s.p++;
        s.len--;
    }
    while (s.len > 0 && is_space(s.p[s.len - 1])) {
        s.len--;
    }
    return s;
}

/* Empty lines that some clients send before a request (RFC 9112 section 2.2). */
static size_t newlines_before(struct str bytes)
{
    size_t n = 0;
    while (n < bytes.len && n < SNIFF_NEWLINES_MAX && (bytes.p[n] == '\r' || bytes.p[n] == '\n')) {
        n++;
    }
    return n;
}

/* The length of the head, or 0 while its empty line is missing. */
static size_t find_end(struct str bytes, size_t start, size_t *scanned)
{
    size_t from = *scanned > start ? *scanned : start;
    const char *lf;
    while (from < bytes.len && (lf = memchr(bytes.p + from, '\n', bytes.len - from)) != NULL) {
        size_t next = (size_t)(lf - bytes.p) + 1;
        size_t left = bytes.len - next;
        if (left == 0 || (left == 1 && bytes.p[next] == '\r')) {
            *scanned = next - 1; /* This line's end is looked at again with what follows it. */
            return 0;
        }
        if (bytes.p[next] == '\n') {
            return next + 1;
        }
        if (bytes.p[next] == '\r' && bytes.p[next + 1] == '\n') {
            return next + 2;
        }
        from = next;
    }
    *scanned = bytes.len;
    return 0;
}

static struct str take_line(struct str *rest)
{
    struct str line = str_split(rest, '\n');
    if (line.len > 0 && line.p[line.len - 1] == '\r') {
        line.len--;
    }
    return line;
}

static int parse_request_line(struct str line, struct http_head *head)
{
    struct str rest = line;
    head->method = str_split(&rest, ' ');
    if (rest.p == NULL) {
        return STATUS_MALFORMED;
    }
    head->target = str_split(&rest, ' ');
    if (!is_token(head->method) || !is_target(head->target)) {
        return STATUS_MALFORMED;
    }
    if (head->target.len > HTTP_TARGET_MAX) {
        return STATUS_TOO_LONG;
    }
    struct str prefix = STR("HTTP/");
    if (rest.p == NULL || rest.len != prefix.len + 3 || !str_starts(rest, prefix)) {
        return STATUS_MALFORMED;
    }
    const char *version = rest.p + prefix.len;
    if (version[0] < '0' || version[0] > '9' || version[1] != '.' || version[2] < '0' ||
        version[2] > '9') {
        return STATUS_MALFORMED;
    }
    head->minor = (unsigned)(version[2] - '0');
    return version[0] == '1' ? STATUS_OK : STATUS_UNSUPPORTED;
}

static int parse_field(struct str line, struct http_head *head)
{
    struct str rest = line;
    struct str name = str_split(&rest, ':');
    if (rest.p == NULL || !is_token(name) || !is_value(rest)) {
        return STATUS_MALFORMED;
    }
    if (head->n_fields == HTTP_HEADERS_MAX) {
        return STATUS_TOO_LONG;
    }
    head->fields[head->n_fields++] = (struct http_field){name, http_trim(rest)};
    return STATUS_OK;
}

static unsigned count_fields(const struct http_head *head, struct str name)
{
    unsigned n = 0;
    for (unsigned i = 0; i < head->n_fields; i++) {
        n += str_eq_nocase(head->fields[i].name, name);
    }
    return n;
}

static int parse_lines(struct str lines, struct http_head *head)
{
    int status = parse_request_line(take_line(&lines), head);
    if (status < 0) {
        return status;
    }
    for (struct str line = take_line(&lines); line.len > 0; line = take_line(&lines)) {
        status = parse_field(line, head);
        if (status < 0) {
            return status;
        }
    }
    unsigned hosts = count_fields(head, STR("Host"));
    return hosts > 1 || (hosts == 0 && head->minor > 0) ? STATUS_MALFORMED : STATUS_OK;
}

int http_head_parse(struct str bytes, size_t *scanned, struct http_head *ret_head)
{
    size_t start = newlines_before(bytes);
    struct str seen = {bytes.p, bytes.len < HTTP_HEAD_MAX ? bytes.len : HTTP_HEAD_MAX};
    size_t end = find_end(seen, start, scanned);
    if (end == 0) {
        return bytes.len >= HTTP_HEAD_MAX ? STATUS_TOO_LONG : STATUS_INCOMPLETE;
    }
    struct http_head head;
    head.len = end;
    head.n_fields = 0;
    int status = parse_lines(str_make(bytes.p + start, end - start), &head);
    if (status < 0) {
        return status;
    }
    *ret_head = head;
    return STATUS_OK;
}

int http_code_of(int status)
{
    switch (status) {
    case STATUS_TOO_LONG:
        return 431;
    case STATUS_UNSUPPORTED:
        return 505;
    default:
        return 400;
    }
}

bool http_field_find(const struct http_head *head, struct str name, struct str *ret_value)
{
    for (unsigned i = 0; i < head->n_fields; i++) {
        if (str_eq_nocase(head->fields[i].name, name)) {
            *ret_value = head->fields[i].value;
            return true;
        }
    }
    return false;
}

bool http_field_has(const struct http_head *head, struct str name, struct str word)
{
    for (unsigned i = 0; i < head->n_fields; i++) {
        struct str list = head->fields[i].value;
        while (list.p != NULL && str_eq_nocase(head->fields[i].name, name)) {
            if (str_eq_nocase(http_trim(str_split(&list, ',')), word)) {
                return true;
            }
        }
    }
    return false;
}

bool http_field_only(const struct http_head *head, struct str name, struct str *ret_value)
{
    return count_fields(head, name) == 1 && http_field_find(head, name, ret_value);
}

static const char *reason_of(int code)
{
    switch (code) {
    case 200:
        return "OK";
    case 400:
        return "Bad Request";
    case 403:
        return "Forbidden";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 408:
        return "Request Timeout";
    case 426:
        return "Upgrade Required";
    case 429:
        return "Too Many Requests";
    case 431:
        return "Request Header Fields Too Large";
    case 500:
        return "Internal Server Error";
    case 503:
        return "Service Unavailable";
    case 505:
        return "HTTP Version Not Supported";
    default:
        return ""; /* The phrase may be empty (RFC 9112 section 4). */
    }
}

void http_response(struct buf *out, int code, struct str content_type, struct str body,
                   bool head_only)
{
    buf_printf(out, "HTTP/1.1 %d %s\r\n", code, reason_of(code));
    buf_printf(out, "Content-Type: " STR_FMT "\r\n", STR_ARG(content_type));
    buf_printf(out, "Content-Length: %zu\r\n", body.len);
    if (code == 405) {
        buf_add_cstr(out, "Allow: GET, HEAD\r\n");
    }
    if (code == 426) {
        buf_add_cstr(out, "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n");
    }
    buf_add_cstr(out, code == 426 ? "Connection: close, Upgrade\r\n" : "Connection: close\r\n");
    buf_add_cstr(out, "Cache-Control: no-store\r\n"
                      "X-Content-Type-Options: nosniff\r\n"
                      "Referrer-Policy: no-referrer\r\n"
                      "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; "
                      "base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\n"
                      "\r\n");
    if (!head_only) {
        buf_add_str(out, body);
    }
}
