/* The IRCv3 capabilities that the client asks for. Pure; any thread. */
#include "client_caps.h"

static const struct {
    const char *name;
    unsigned bit;
} caps[] = {
    {"message-tags", CLIENT_CAP_MESSAGE_TAGS},
    {"server-time", CLIENT_CAP_SERVER_TIME},
    {"echo-message", CLIENT_CAP_ECHO_MESSAGE},
    {"batch", CLIENT_CAP_BATCH},
    {"labeled-response", CLIENT_CAP_LABELED_RESPONSE},
    {"multi-prefix", CLIENT_CAP_MULTI_PREFIX},
    {"userhost-in-names", CLIENT_CAP_USERHOST_IN_NAMES},
    {"extended-join", CLIENT_CAP_EXTENDED_JOIN},
    {"away-notify", CLIENT_CAP_AWAY_NOTIFY},
    {"setname", CLIENT_CAP_SETNAME},
    {"invite-notify", CLIENT_CAP_INVITE_NOTIFY},
    {"cap-notify", CLIENT_CAP_CAP_NOTIFY},
    {"standard-replies", CLIENT_CAP_STANDARD_REPLIES},
    {"draft/chathistory", CLIENT_CAP_HISTORY},
    {"draft/message-redaction", CLIENT_CAP_REDACTION},
    {"soju.im/search", CLIENT_CAP_SEARCH},
};

enum { N_CAPS = sizeof(caps) / sizeof(caps[0]) };

unsigned client_cap_bit(struct str name)
{
    for (unsigned i = 0; i < N_CAPS; i++) {
        if (str_eq(name, str_from(caps[i].name))) {
            return caps[i].bit;
        }
    }
    return 0;
}

const char *client_cap_name(unsigned bit)
{
    for (unsigned i = 0; i < N_CAPS; i++) {
        if (caps[i].bit == bit) {
            return caps[i].name;
        }
    }
    return NULL;
}
