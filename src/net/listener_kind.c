/* Names of listener kinds, as the configuration and the command line write them. Any thread. */
#include "listener_kind.h"

#include "alloc.h"

static const char *const listener_kind_names[LISTENER_KINDS] = {
    [LISTENER_AUTO] = "auto",   [LISTENER_TLS] = "tls",         [LISTENER_HTTP] = "http",
    [LISTENER_PLAIN] = "plain", [LISTENER_CLASSIC] = "classic",
};

const char *listener_kind_name(enum listener_kind kind)
{
    CHECK(kind < LISTENER_KINDS);
    return listener_kind_names[kind];
}

int listener_kind_parse(struct str name, enum listener_kind *ret_kind)
{
    for (int kind = 0; kind < LISTENER_KINDS; kind++) {
        if (str_eq(name, str_from(listener_kind_names[kind]))) {
            *ret_kind = (enum listener_kind)kind;
            return STATUS_OK;
        }
    }
    return STATUS_NOT_FOUND;
}

int listener_proxy_parse(struct str name, enum listener_proxy *ret_proxy)
{
    static const char *const names[LISTENER_PROXIES] = {"no", "optional", "required"};
    for (int proxy = 0; proxy < LISTENER_PROXIES; proxy++) {
        if (str_eq(name, str_from(names[proxy]))) {
            *ret_proxy = (enum listener_proxy)proxy;
            return STATUS_OK;
        }
    }
    return STATUS_NOT_FOUND;
}
