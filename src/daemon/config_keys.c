/* Every setting that is one value: its range, its default and what it does. Constant. */
#include "config_priv.h"

#define AT(group, member) offsetof(struct config, group.member)

#define NUMBER(g, m, low, high, value, is_restart, text)                                           \
    {                                                                                              \
        .group = #g, .name = #m, .type = CONFIG_KEY_NUMBER, .restart = (is_restart),               \
        .offset = AT(g, m), .min = (low), .max = (high), .number = (value), .comment = (text)      \
    }

#define SWITCH(g, m, value, text)                                                                  \
    {                                                                                              \
        .group = #g, .name = #m, .type = CONFIG_KEY_SWITCH, .offset = AT(g, m), .number = (value), \
        .comment = (text)                                                                          \
    }

#define STRING(g, m, bytes, value, is_restart, check, wanted, text)                                \
    {                                                                                              \
        .group = #g, .name = #m, .type = CONFIG_KEY_STRING, .restart = (is_restart),               \
        .offset = AT(g, m), .max = (bytes), .string = (value), .valid = (check),                   \
        .expected = (wanted), .comment = (text)                                                    \
    }

#define WORDS(g, m, check, wanted, text)                                                           \
    {                                                                                              \
        .group = #g, .name = #m, .type = CONFIG_KEY_WORDS, .offset = AT(g, m),                     \
        .max = CONFIG_WORDS_MAX, .valid = (check), .expected = (wanted), .comment = (text)         \
    }

#define NETWORKS_EXPECTED "networks, such as [ \"192.0.2.0/24\", \"2001:db8::/32\", \"::1\" ]"

/* A bucket is two settings, NAME_burst and NAME_refill_ms. */
#define BUCKET(g, m, burst_value, refill_value, text)                                              \
    {.group = #g,                                                                                  \
     .name = #m "_burst",                                                                          \
     .type = CONFIG_KEY_NUMBER,                                                                    \
     .offset = AT(g, m.burst),                                                                     \
     .min = 0,                                                                                     \
     .max = 100000,                                                                                \
     .number = (burst_value),                                                                      \
     .comment = (text)},                                                                           \
    {                                                                                              \
        .group = #g, .name = #m "_refill_ms", .type = CONFIG_KEY_NUMBER,                           \
        .offset = AT(g, m.refill_ms), .min = 1, .max = 3600000, .number = (refill_value),          \
        .comment = NULL                                                                            \
    }

#define PATH_EXPECTED "a path of one line, at most 4000 bytes, or \"\""
#define LINE_EXPECTED "one line of UTF-8 without control characters"

#define CHOICE(g, m, names, value, is_restart, text)                                               \
    {                                                                                              \
        .group = #g, .name = #m, .type = CONFIG_KEY_CHOICE, .restart = (is_restart),               \
        .offset = AT(g, m), .choices = (names), .number = (value), .comment = (text)               \
    }

static const char *const policies[] = {"never", "opt-in", "opt-out", "always", NULL};
static const char *const cutoffs[] = {"none", "registration", "join", NULL};
static const char *const casemappings[] = {"rfc8265", "ascii", "rfc1459", NULL};

const struct config_group config_groups[] = {
    {"server", "Who this server is, and what newcomers see."},
    {"limits", "How much of everything there may be."},
    {"flood",
     "How fast one client may act. Each limit is a bucket of tokens: an action takes one, a new "
     "one arrives every refill_ms milliseconds, and the bucket holds at most burst of them. A "
     "client whose bucket is empty is read more slowly; one that goes on sending is disconnected "
     "when limits.recvq_bytes of it wait. A burst of 0 lifts the limit."},
    {"lengths", "How long names and texts may be, in bytes of UTF-8 (a Korean syllable has 3)."},
    {"tls", "Encryption."},
    {"door", "Proxies that may speak for others, and web pages that may connect."},
    {"sts",
     "Whether clients that came without TLS are told to come with it from now on (IRCv3 Strict "
     "Transport Security). They obey for as long as they were told: switch it on only with a "
     "certificate that they accept, and off by a duration of 0."},
    {"classic", "The protocol of the first, unframed clients (port 2500)."},
    {"history", "What is kept of what is said. It lies in the data folder, in history.db."},
    {"accounts", "People's own nicknames, with a password. They lie in the data folder, in "
                 "history.db, also where history is off."},
    {"log", "What the terminal or the journal shows."},
};
const size_t config_groups_n = sizeof(config_groups) / sizeof(config_groups[0]);

const struct config_key config_keys[] = {
    STRING(server, name, 63, "maru.local", true, config_valid_server_name,
           "a host name with a dot, such as \"chat.example.org\"",
           "The server's name, as clients see it. It need not exist in the DNS."),
    STRING(server, network, 32, "Maru", true, config_valid_network,
           "a name without spaces, at most 32 bytes", "The name that clients show in their lists."),
    STRING(server, description, 200, "A Maru chat server", false, config_valid_line, LINE_EXPECTED,
           "One line about the server."),
    STRING(server, icon, 300, "", false, config_valid_url, "a URL of printable ASCII, or nothing",
           "A picture of the server that clients may show: the https URL of an image."),
    {.group = "server",
     .name = "admin",
     .type = CONFIG_KEY_LINES,
     .offset = AT(server, admin),
     .max = CONFIG_ADMIN_LINES,
     .comment = "Who runs this server and how to reach them: up to three lines, shown by ADMIN."},
    STRING(server, motd, CONFIG_MOTD_BYTES_MAX, "", false, config_valid_text,
           "UTF-8 text without control characters other than \\n",
           "What everybody reads after coming in (\\n separates lines). \"\" shows nothing."),
    STRING(server, motd_file, 4000, "", false, config_valid_line, PATH_EXPECTED,
           "A file with that text, instead of motd."),
    STRING(server, lobby, 64, "#lobby", true, config_valid_room,
           "a room name: #, then letters, digits and signs that can be seen, without , and :",
           "The room where desktop, web and classic users land."),
    STRING(
        server, password, 256, "", false, config_valid_hash_or_empty,
        "\"\" or a hash made by marud genpasswd",
        "Who knows this password may come in. \"\" lets everybody in. It is kept as a hash: make "
        "one with marud genpasswd."),
    STRING(server, data, 4000, "", true, config_valid_line, PATH_EXPECTED,
           "The folder for the certificate, the control socket and everything that is kept. \"\" "
           "chooses $STATE_DIRECTORY (set by systemd), otherwise $XDG_DATA_HOME/marud or "
           "~/.local/share/marud."),
    NUMBER(server, edges, 0, CONFIG_EDGES_MAX, 0, true,
           "How many threads serve connections. 0 is one for each processor that the server may "
           "use, at most 8."),
    CHOICE(server, casemapping, casemappings, CONFIG_CASEMAPPING_RFC8265, true,
           "Which names are the same but for their case: rfc8265 (any script), ascii, or "
           "rfc1459 (ascii, and {}|^ are small forms of []\\~)."),
    STRING(server, user_modes, 8, "", false, config_valid_user_modes,
           "letters out of iwRT, or \"\"",
           "The modes that everybody begins with: i (seen only by who shares a room), w (gets "
           "WALLOPS), R (only who has an account may write to them), T (programs are not asked)."),
    SWITCH(server, roleplay, false,
           "Whether rooms may have mode E, with which members speak as others (NPC, NPCA, SCENE)."),

    NUMBER(limits, max_clients, 1, CONFIG_CLIENTS_MAX, 1000, false,
           "How many clients may be inside, over all protocols. Who comes when it is full is told "
           "so. maructl set max-clients changes it while the server runs."),
    NUMBER(limits, max_unregistered, 1, CONFIG_CLIENTS_MAX, 200, false,
           "How many connections may be at the door, not yet inside."),
    NUMBER(limits, per_address, 0, CONFIG_CLIENTS_MAX, 100, false,
           "How many connections one address may have. 0 lifts the limit."),
    NUMBER(limits, per_network, 0, CONFIG_CLIENTS_MAX, 300, false,
           "How many connections one network (an IPv4 /24, an IPv6 /64) may have. 0 lifts the "
           "limit."),
    NUMBER(limits, unregistered_per_address, 0, CONFIG_CLIENTS_MAX, 20, false,
           "How many connections of one address may be at the door. 0 lifts the limit."),
    SWITCH(limits, loopback, false,
           "Whether these three limits count for connections from this machine, too."),
    WORDS(limits, exempt, config_valid_network_range, NETWORKS_EXPECTED,
          "Networks for which these three limits do not count."),
    NUMBER(limits, registration_timeout_s, 1, 600, 10, false,
           "How many seconds a connection may take to come in."),
    NUMBER(limits, ping_interval_s, 5, 3600, 90, false,
           "After how many silent seconds a client is asked whether it is still there."),
    NUMBER(limits, ping_timeout_s, 5, 3600, 60, false, "How many seconds it may take to answer."),
    NUMBER(
        limits, sendq_bytes, 16384, 1024 * 1024 * 1024, 1024 * 1024, false,
        "How many bytes may wait for a client that reads too slowly, before it is disconnected."),
    NUMBER(
        limits, recvq_bytes, 9216, 16 * 1024 * 1024, 16384, false,
        "How many bytes of a client may wait to be served. A line that is longer than this closes "
        "the connection; one that is merely too long for IRC is refused."),
    NUMBER(limits, rooms_per_user, 1, 10000, 100, true, "In how many rooms one user may be."),
    NUMBER(limits, list_entries, 1, 10000, 100, true,
           "How many bans, exceptions and invitation masks one room may have."),
    NUMBER(limits, multiline_lines, 1, 100, 32, true,
           "Lines of one message that is sent as several (draft/multiline)."),
    NUMBER(limits, multiline_bytes, 500, 65536, 4096, true, "… and bytes of its text."),
    NUMBER(limits, monitor, 0, 10000, 100, true,
           "Of how many nicknames one client may be told when they come and go."),
    NUMBER(limits, whowas, 0, 100000, 200, false, "How many users who left are remembered."),

    BUCKET(flood, commands, 200, 25, "Commands other than those below."),
    BUCKET(flood, messages, 40, 250, "Messages and notices; each recipient named counts."),
    BUCKET(flood, nicks, 6, 10000, "Changes of the nickname."),
    BUCKET(flood, joins, 30, 1000, "Joining rooms."),

    NUMBER(lengths, nick, 9, 64, 32, true, "Nicknames."),
    NUMBER(lengths, user, 8, 32, 20, true, "User names, the part before @ in a mask."),
    NUMBER(lengths, realname, 16, 200, 150, true, "Real names."),
    NUMBER(lengths, room, 16, 128, 64, true, "Room names, with the #."),
    NUMBER(lengths, topic, 16, 390, 390, true, "Topics."),
    NUMBER(lengths, kick, 16, 300, 300, true, "Reasons of kicks."),
    NUMBER(lengths, away, 16, 300, 300, true, "Messages of those who are away."),

    STRING(
        tls, certificate, 4000, "", false, config_valid_line, PATH_EXPECTED,
        "The certificate chain, in PEM form. \"\" lets the server make a self-signed one, tls.pem "
        "in the data folder, at its first start. Relative paths here count from this file's "
        "folder."),
    STRING(tls, key, 4000, "", false, config_valid_line, PATH_EXPECTED,
           "The private key that belongs to it, in PEM form."),

    WORDS(
        door, proxy_from, config_valid_network_range, NETWORKS_EXPECTED,
        "Where proxies stand that may say for whom they connect: with a PROXY header, on listeners "
        "whose proxy is optional or required, and with X-Forwarded-For or Forwarded when they ask "
        "for a WebSocket. Of anybody else such words are not believed."),
    WORDS(door, websocket_origins, config_valid_origin,
          "origins, such as [ \"https://chat.example.org\" ]; \"*\" is all, \"null\" a page of "
          "none",
          "Whose pages may open a WebSocket here, besides programs that are no browsers. An empty "
          "list means pages of this server's own address; \"*\" means all."),

    SWITCH(sts, offered, false, "Whether CAP LS tells such a policy at all."),
    NUMBER(
        sts, duration_s, 0, 63072000, 2592000, false,
        "For how many seconds a client that came with TLS is to come only so. 0 takes the policy "
        "back."),
    NUMBER(sts, tls_port, 0, 65535, 0, false,
           "The port with TLS that others are sent to. 0 is that of the first listener that speaks "
           "it."),
    SWITCH(sts, preload, false, "Whether clients may bring this policy with them in their lists."),

    NUMBER(classic, gap_ms, 0, 10000, 80, false,
           "How many milliseconds pass between two frames to one client, at least. A smaller gap "
           "loses messages in the original client."),
    NUMBER(classic, backlog_bytes, 1024, 16 * 1024 * 1024, 32768, false,
           "How many bytes of chat may wait for one client. What is older is skipped and counted."),

    {.group = "history",
     .name = "on",
     .type = CONFIG_KEY_SWITCH,
     .restart = true,
     .offset = AT(history, on),
     .number = 1,
     .comment = "Whether anything is kept. Then a message that shows as sent is on disk."},
    CHOICE(history, cutoff, cutoffs, CONFIG_CUTOFF_NONE, false,
           "How far back whoever is in a room may read: none (all of it), registration (since they "
           "made their account), or join (since they joined)."),
    CHOICE(history, cutoff_guests, cutoffs, CONFIG_CUTOFF_NONE, false,
           "The same for those without an account; registration is then when they came in."),
    NUMBER(history, limit, 10, 5000, 500, false,
           "How many messages one answer may hold. Clients ask again for more."),
    NUMBER(history, playback_lines, 0, 500, 25, false,
           "How many of the last lines a client sees when it joins a room, if it is too old to ask "
           "for them itself. 0 shows none."),
    NUMBER(history, room_days, 0, 36500, 0, false,
           "After how many days what was said in rooms is deleted. 0 keeps it for ever."),
    NUMBER(history, room_messages, 0, 1000000000, 0, false,
           "How many messages are kept of each room. 0 keeps all."),
    NUMBER(history, direct_days, 0, 36500, 0, false, "The same for messages between two people."),
    NUMBER(history, direct_messages, 0, 1000000000, 0, false, NULL),
    NUMBER(
        history, empty_rooms_days, 0, 36500, 30, false,
        "For how many days a room that everybody has left stays what it was: its modes, its key, "
        "its history. The lobby stays for ever."),
    NUMBER(
        history, empty_rooms, 0, 1000000, 10000, false,
        "How many such rooms are kept at most; those that have been empty for longest go first."),

    {.group = "accounts",
     .name = "on",
     .type = CONFIG_KEY_SWITCH,
     .restart = true,
     .offset = AT(accounts, on),
     .number = 1,
     .comment = "Whether there are accounts at all."},
    SWITCH(accounts, self_registration, true,
           "Whether people may register by themselves. Otherwise operators do it for them."),
    SWITCH(accounts, before_connect, true,
           "Whether they may do so before they have come in, in clients that offer it. Where there "
           "is a server password they may not."),
    SWITCH(accounts, custom_names, true,
           "Whether an account may be called otherwise than its owner is at the time."),
    SWITCH(accounts, required, false,
           "Whether only people with an account come in. Classic clients cannot, then."),
    SWITCH(accounts, nick_reservation, true,
           "Whether a registered nickname, and one that looks like it, is for its owner alone."),
    SWITCH(accounts, nick_is_account, true, "Whether who logs in is called as the account is."),
    CHOICE(accounts, multiclient, policies, CONFIG_POLICY_OPT_OUT, false,
           "Whether several devices of one person share a nickname: never, for who asks for it "
           "(opt-in), for all but who does not want it (opt-out), or always."),
    CHOICE(accounts, always_on, policies, CONFIG_POLICY_OPT_IN, false,
           "Whether people stay in their rooms while no device of theirs is connected. The same "
           "words."),
    NUMBER(accounts, always_on_days, 0, 36500, 30, false,
           "For how many days at most. 0 is for ever."),
    NUMBER(accounts, sessions, 1, 1000, 20, false,
           "How many devices may share one nickname at a time."),
    SWITCH(accounts, email_required, false, "Whether who registers must give an e-mail address."),
    SWITCH(accounts, email_verification, false,
           "Whether an account opens only after a code that is sent to that address was typed in "
           "(VERIFY). It needs email_command."),
    STRING(accounts, email_command, 1000, "", false, config_valid_line, LINE_EXPECTED,
           "What sends a mail: a command line for /bin/sh, which gets the mail with its head on "
           "standard input, and MARU_MAIL_TO and MARU_MAIL_FROM in its environment. For example "
           "\"/usr/sbin/sendmail -t\"."),
    STRING(accounts, email_sender, 254, "", false, config_valid_line, LINE_EXPECTED,
           "From whom it comes. \"\" is noreply at the server's name."),
    NUMBER(accounts, verify_hours, 1, 8760, 24, false, "For how many hours a code is good."),
    NUMBER(accounts, password_length, 1, 100, 6, false,
           "How many bytes a password must have at least."),
    NUMBER(accounts, password_passes, 1, 20, 2, false,
           "What it costs to compare a password (Argon2id): how often memory is gone over, and how "
           "much. More is safer where the data folder gets into wrong hands. Accounts that are "
           "there keep theirs until their password changes."),
    NUMBER(accounts, password_memory_kib, 8, 1048576, 65536, false, NULL),
    NUMBER(accounts, scram_iterations, 4096, 10000000, 100000, false,
           "The same for clients that log in with SCRAM, and which bear the cost themselves."),
    BUCKET(accounts, logins, 20, 10000,
           "How often somebody may fail to log in, from one address or to one account. It works as "
           "the limits of the group flood do; who succeeds gets the token back."),
    BUCKET(accounts, registrations, 10, 60000, "How many accounts one address may register."),
    STRING(accounts, outside_command, 1000, "", true, config_valid_line, LINE_EXPECTED,
           "Who is asked about the passwords of people that have none here (LDAP, PAM, a web "
           "site): a command line for /bin/sh that stays running. It reads a line of JSON for each "
           "question, and writes one for each answer; see ACCOUNTS ELSEWHERE in marud.conf(5)."),
    STRING(accounts, outside_socket, 100, "", true, config_valid_line, PATH_EXPECTED,
           "The same over a Unix socket that somebody listens on, instead of a command."),
    NUMBER(accounts, outside_timeout_s, 1, 30, 10, true,
           "After how many seconds without an answer it is as if nobody could be asked."),
    SWITCH(accounts, outside_create, true,
           "Whether whom it lets in gets an account here, without a password."),

    SWITCH(log, show_chat, false,
           "Whether what people write is shown, too. Tell them if you switch this on."),
};
const size_t config_keys_n = sizeof(config_keys) / sizeof(config_keys[0]);

const char config_listeners_comment[] =
    "Where the server can be reached. kind is auto (TLS, HTTP and IRC, told apart by the first "
    "bytes), tls (IRC and HTTP inside TLS only), http (plain HTTP only), plain (plain IRC only) or "
    "classic. HTTP carries WebSockets. address is \"*\" (IPv6 and IPv4), an IPv4 or an IPv6 "
    "address. "
    "With proxy = \"required\", only proxies of door.proxy_from come in there, each with a PROXY "
    "header; with \"optional\" they may send one, and others are served, too.";

const char config_operators_comment[] =
    "Who may do everything: OPER name password, or PASS name:password to come in as operator even "
    "when the server is full. password is a hash made by marud genpasswd. For example: "
    "operators = ( { name = \"jin\"; password = \"$argon2id$...\"; } );";

const char config_gateways_comment[] =
    "Web chats and bouncers that may say by WEBIRC for whom they connect, each with the networks "
    "it "
    "connects from and its password (a hash made by marud genpasswd), the SHA-256 fingerprint of "
    "its "
    "certificate, or both. For example: gateways = ( { name = \"webchat\"; password = "
    "\"$argon2id$...\"; from = [ \"192.0.2.7\" ]; } );";
