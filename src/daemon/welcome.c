/* Prints the ways in. Main thread; asks the system for the addresses of its interfaces. */
#include "welcome.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdlib.h>

enum { ADDRESSES_MAX = 16, ADDRESS_SIZE = INET6_ADDRSTRLEN };

struct addresses {
    char text[ADDRESSES_MAX][ADDRESS_SIZE];
    size_t n;
};

static void add_address(struct addresses *all, const struct sockaddr *address)
{
    char text[ADDRESS_SIZE] = "";
    if (address->sa_family == AF_INET) {
        struct in_addr v4 = ((const struct sockaddr_in *)address)->sin_addr;
        inet_ntop(AF_INET, &v4, text, sizeof(text));
    } else if (address->sa_family == AF_INET6) {
        struct in6_addr v6 = ((const struct sockaddr_in6 *)address)->sin6_addr;
        /* A link-local address is of no use without the name of the reader's interface. */
        if (!IN6_IS_ADDR_LINKLOCAL(&v6)) {
            inet_ntop(AF_INET6, &v6, text, sizeof(text));
        }
    }
    if (text[0] != '\0' && all->n < ADDRESSES_MAX) {
        memcpy(all->text[all->n++], text, sizeof(text));
    }
}

/* Addresses of running interfaces other than loopback, IPv4 first. */
static void find_addresses(struct addresses *all)
{
    static const int families[] = {AF_INET, AF_INET6};
    struct ifaddrs *list = NULL;
    all->n = 0;
    if (getifaddrs(&list) != 0) {
        return;
    }
    for (size_t f = 0; f < 2; f++) {
        for (const struct ifaddrs *i = list; i != NULL; i = i->ifa_next) {
            unsigned wanted = IFF_UP | IFF_RUNNING;
            if (i->ifa_addr != NULL && i->ifa_addr->sa_family == families[f] &&
                (i->ifa_flags & (wanted | IFF_LOOPBACK)) == wanted) {
                add_address(all, i->ifa_addr);
            }
        }
    }
    freeifaddrs(list);
}

static void print_address(FILE *out, const char *address, uint16_t port)
{
    fprintf(out, strchr(address, ':') != NULL ? " [%s]:%u" : " %s:%u", address, port);
}

static void print_listener(FILE *out, const struct config_listener *listener,
                           const struct addresses *all)
{
    static const char *const titles[LISTENER_KINDS] = {
        [LISTENER_AUTO] = "Maru and IRC, plain or TLS",
        [LISTENER_TLS] = "Maru and IRC, TLS",
        [LISTENER_PLAIN] = "IRC, not encrypted",
        [LISTENER_CLASSIC] = "classic clients",
    };
    fprintf(out, "  %-28s", titles[listener->kind]);
    bool any = strcmp(listener->address, "*") == 0;
    bool any_v4 = any || strcmp(listener->address, "0.0.0.0") == 0;
    bool any_v6 = any || strcmp(listener->address, "::") == 0;
    if (!any_v4 && !any_v6) {
        print_address(out, listener->address, listener->port);
    } else {
        print_address(out, "localhost", listener->port);
        for (size_t i = 0; i < all->n; i++) {
            bool v6 = strchr(all->text[i], ':') != NULL;
            if (v6 ? any_v6 : any_v4) {
                print_address(out, all->text[i], listener->port);
            }
        }
    }
    fputc('\n', out);
}

void welcome_print(FILE *out, const struct config *config, const struct config_listener *bound,
                   size_t n, const char *fingerprint)
{
    struct addresses all;
    find_addresses(&all);
    bool tls = false;
    fprintf(out, "%s is open. How to join:\n", config->server.network);
    for (size_t i = 0; i < n; i++) {
        tls = tls || bound[i].kind == LISTENER_TLS || bound[i].kind == LISTENER_AUTO;
        if (bound[i].kind != LISTENER_HTTP) {
            print_listener(out, &bound[i], &all);
        }
    }
    if (tls && fingerprint != NULL) {
        fprintf(out, "The certificate's SHA-256 fingerprint:\n  %s\n", fingerprint);
    }
    fflush(out);
}
