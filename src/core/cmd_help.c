/*
 * HELP and HELPOP (Modern IRC, "HELP message"): written for people who have never used IRC. Pure;
 * under the core's mutex.
 */
#include "reply.h"

struct topic {
    const char *subject;
    const char *title;
    const char *text; /* lines separated by '\n' */
};

/* The first one answers HELP alone. */
static const struct topic topics[] = {
    {"*", "Welcome! This is what you can do here",
     "Most programs let you type these with a slash in front: /join #lobby\n"
     "Without a slash, what you type is said to everybody in the room.\n"
     "\n"
     "JOIN #room          go into a room (it is made if there is none)\n"
     "PART #room          leave a room\n"
     "LIST                which rooms there are\n"
     "NAMES #room         who is in a room\n"
     "MSG nick text       say something to one person alone\n"
     "NICK newname        change your nickname\n"
     "AWAY text           tell others that you are away; AWAY alone: back again\n"
     "QUIT                leave the server\n"
     "\n"
     "HELP and one of these words says more: START ROOMS MODES PEOPLE OPERATORS COMMANDS,\n"
     "or the name of a command, for example HELP JOIN"},
    {"ADMIN", "ADMIN: who runs this server", "ADMIN\n\nShows how to reach the people behind it."},
    {"ANNOUNCE", "ANNOUNCE: a word to everybody (server operators)",
     "ANNOUNCE text\n\nEverybody on the server sees the text, apart from the chat."},
    {"AUTHENTICATE", "AUTHENTICATE: log in to your account (SASL)",
     "AUTHENTICATE PLAIN\n\nPrograms use it by themselves."},
    {"AWAY", "AWAY: not at the keyboard",
     "AWAY text\nAWAY\n\nWith a text: whoever writes to you alone is told it. Without: you are "
     "back."},
    {"BATCH", "BATCH: for programs",
     "BATCH +name draft/multiline target\nBATCH -name\n\n"
     "What your program sends in between is one message of several lines."},
    {"CAP", "CAP: what your program and the server can do together",
     "CAP LS 302, CAP LIST, CAP REQ :name name\n\nPrograms use it by themselves."},
    {"CHATHISTORY", "CHATHISTORY: what was said before",
     "CHATHISTORY LATEST #room * 50\n\nPrograms use it by themselves."},
    {"COMMANDS", "All commands", NULL},
    {"EXTBANS", "Masks that say more, for MODE #room +b",
     "+b ~a:account          whoever is logged in to that account\n"
     "+b ~m:mask             may not speak, but enter\n"
     "+b ~t:60:mask          ends by itself after 60 minutes\n"
     "+b ~f:#other:mask      who wants to enter goes to #other instead\n"
     "They may be combined: +b ~t:60:~m:~a:pest\n"
     "+e takes ~a, ~m and ~t, +I takes ~a and ~t."},
    {"HELP", "HELP: this text", "HELP\nHELP word"},
    {"HELPOP", "HELPOP: the same as HELP", "HELPOP\nHELPOP word"},
    {"INFO", "INFO: what this server is", "INFO"},
    {"INVITE", "INVITE: ask somebody into a room",
     "INVITE nick #room\nINVITE\n\n"
     "If you run the room, the invited person may enter even where it is closed.\n"
     "Without parameters: where you are invited."},
    {"ISON", "ISON: who of these is here", "ISON nick nick nick"},
    {"ISUPPORT", "ISUPPORT: what this server can do, as at the beginning", "ISUPPORT"},
    {"JOIN", "JOIN: go into a room",
     "JOIN #room\nJOIN #room key\nJOIN #one,#two\nJOIN 0\n\n"
     "A room's name begins with #. A room that does not exist is made, and you run it.\n"
     "A room with a key asks for it. JOIN 0 leaves all rooms."},
    {"KICK", "KICK: put somebody out of a room that you run",
     "KICK #room nick reason\n\nTo keep the person out, also set a ban: HELP MODES"},
    {"KILL", "KILL: disconnect somebody (server operators)", "KILL nick reason"},
    {"LINKS", "LINKS: the servers of this network", "LINKS"},
    {"LIST", "LIST: which rooms there are",
     "LIST\nLIST *word*\nLIST >10\nLIST C<60\nLIST T<60\n\n"
     "All rooms; those whose name has a word; with more than 10 members; made less than\n"
     "60 minutes ago; whose topic was set less than 60 minutes ago. Conditions are joined with\n"
     "commas, and !*word* leaves rooms out. Secret rooms are not shown to others."},
    {"LUSERS", "LUSERS: how many people are here", "LUSERS"},
    {"MARKREAD", "MARKREAD: up to where you have read",
     "MARKREAD #room\n\nPrograms use it by themselves."},
    {"MODE", "MODE: how a room behaves, and what you are",
     "MODE #room\nMODE #room +letters values\nMODE #room -letters values\nMODE yournick +i\n\n"
     "The letters are explained in HELP MODES"},
    {"MODES", "The letters of MODE",
     "For rooms, by who runs them:\n"
     "+o nick   runs the room too          +v nick   may speak in a moderated room\n"
     "+h nick   keeps order                +q, +a    founder and admin: above +o\n"
     "+b mask   is banned                  +e mask   is excepted from bans\n"
     "+I mask   may enter without invitation\n"
     "+i        only who is invited may enter\n"
     "+k key    a key is needed            +l 20     at most 20 members\n"
     "+m        only who has a rank may speak\n"
     "+n        only members may speak     +t        only +h and up may change the topic\n"
     "+s        the room is not listed     +f #other who may not enter goes to #other\n"
     "+M        to speak takes an account  +R        to enter takes an account\n"
     "+C        no CTCP but /me            +E        role-play: NPC, NPCA, SCENE\n"
     "+u        those without a rank don't see each other\n"
     "+U        what those without a rank say is for operators\n"
     "+W 10     slow mode: one message each in 10 seconds\n"
     "+F 20:10  20 messages in 10 seconds, all together\n"
     "+j 5:10   5 may enter in 10 seconds\n"
     "A mask is nick!user@host, where * stands for anything: MODE #room +b pest!*@*\n"
     "Masks can say more: HELP EXTBANS. A minus takes a letter back; +b alone shows the list.\n"
     "\n"
     "For yourself: +i you are only seen by who shares a room with you; +w you get WALLOPS;\n"
     "+B you are a bot; +R only who has an account may write to you, and whom you wrote to;\n"
     "+T no CTCP reaches you."},
    {"METADATA", "METADATA: keys with values on people and rooms",
     "METADATA * SET key :value      say something of yourself (no value: take it away)\n"
     "METADATA nick GET key …        what somebody said; LIST: all of it\n"
     "METADATA #room SET key :value  the same of a room that you run\n"
     "METADATA * CLEAR               take everything away\n"
     "METADATA * SUB key …           hear of these keys; UNSUB: no longer; SUBS: which\n"
     "METADATA #room SYNC            those keys of a room and everybody in it"},
    {"MONITOR", "MONITOR: be told who comes and goes",
     "MONITOR + nick,nick      watch these\n"
     "MONITOR - nick,nick      no longer\n"
     "MONITOR C                watch nobody\n"
     "MONITOR L                whom you watch\n"
     "MONITOR S                who of them is here"},
    {"MOTD", "MOTD: the message of the day", "MOTD"},
    {"NAMES", "NAMES: who is in a room", "NAMES #room\n\n@ runs the room, + has a voice in it."},
    {"NICK", "NICK: change your nickname",
     "NICK newname\n\nLetters and digits of any language, without spaces. It must not be taken,\n"
     "nor look like another one."},
    {"NOTICE", "NOTICE: like PRIVMSG, for programs",
     "NOTICE nick text\n\nNever answered by itself, so robots use it."},
    {"NPC", "NPC: speak as somebody else", "NPC #room name text\n\nIn a room with +E."},
    {"NPCA", "NPCA: act as somebody else", "NPCA #room name text\n\nIn a room with +E."},
    {"OPER", "OPER: become a server operator", "OPER name password\n\nMODE yournick -o ends it."},
    {"OPERATORS", "For server operators",
     "OPER name password   become one\n"
     "ANNOUNCE text        a word to everybody\n"
     "KILL nick reason     disconnect somebody\n"
     "WALLOPS text         a word to everybody who has +w\n"
     "REHASH               read the configuration again\n"
     "STATS u, m, o        uptime, commands, operators\n"
     "MODE #room +o nick   works in every room; in the lobby only operators can begin with it"},
    {"PART", "PART: leave a room", "PART #room\nPART #room reason"},
    {"PASS", "PASS: a password while connecting", "It only works before you are in."},
    {"PEOPLE", "About people",
     "WHOIS nick      who somebody is, and since when they have been silent\n"
     "WHOWAS nick     who somebody was that has left\n"
     "WHO #room       everybody in a room, with names\n"
     "NAMES #room     the same, shorter\n"
     "ISON nick nick  who of these is here"},
    {"PING", "PING: is the server still there", "PING word\n\nPrograms use it by themselves."},
    {"PONG", "PONG: the answer to a PING", "Programs use it by themselves."},
    {"PRIVMSG", "PRIVMSG: say something",
     "PRIVMSG #room :text\nPRIVMSG nick :text\n\n"
     "In most programs: type in the room, or /msg nick text."},
    {"QUIT", "QUIT: leave the server", "QUIT\nQUIT reason"},
    {"REDACT", "REDACT: take back what was said",
     "REDACT #room msgid reason\n\n"
     "What you said yourself, or, in a room that you run, what anybody said. Programs know the\n"
     "msgid and use it by themselves."},
    {"REGISTER", "REGISTER: make the nickname yours",
     "REGISTER * * password\nREGISTER name mail@example.org password\n\n"
     "Makes an account, whose nickname nobody else can take. * is the nickname that you have.\n"
     "Where the server asks for an address, it sends a code there: HELP VERIFY"},
    {"REHASH", "REHASH: read the configuration again (server operators)", "REHASH"},
    {"ROOMS", "About rooms",
     "A room's name begins with #. Whoever enters a new room runs it: the nickname gets an @.\n"
     "Who runs a room may change its modes (HELP MODES), its topic, and put people out (HELP "
     "KICK).\n"
     "A room is gone when the last one leaves; the lobby stays.\n"
     "\n"
     "JOIN #room   PART #room   LIST   NAMES #room   TOPIC #room   INVITE nick #room"},
    {"SCENE", "SCENE: say what happens", "SCENE #room text\n\nIn a room with +E."},
    {"SEARCH", "SEARCH: find what was said",
     "SEARCH text=word;in=#room;from=nick\n\nPrograms use it by themselves."},
    {"SETNAME", "SETNAME: change your real name", "SETNAME :New Name"},
    {"START", "The first steps",
     "1. JOIN #lobby brings you to where everybody is.\n"
     "2. Type, and press Enter: all in the room read it.\n"
     "3. NICK newname if you want to be called otherwise.\n"
     "4. LIST shows other rooms; JOIN #anything makes one of your own.\n"
     "5. QUIT when you leave."},
    {"STATS", "STATS: numbers of the server",
     "STATS u   how long it has been running\nSTATS m   how often each command was used\n"
     "STATS o   who may become operator (server operators)"},
    {"TAGMSG", "TAGMSG: tags without a text", "Programs use it by themselves."},
    {"TIME", "TIME: what the server's clock says", "TIME"},
    {"TOPIC", "TOPIC: what a room is about",
     "TOPIC #room\nTOPIC #room :new topic\n\nWhere the room has +t, only who runs it may change "
     "it."},
    {"USER", "USER: who you are, while connecting", "It only works before you are in."},
    {"USERHOST", "USERHOST: user and host of nicknames", "USERHOST nick nick"},
    {"VERIFY", "VERIFY: say the code that came by mail",
     "VERIFY name code\n\nEnds what REGISTER began."},
    {"VERSION", "VERSION: which software this is", "VERSION"},
    {"WALLOPS", "WALLOPS: a word to everybody who has +w (server operators)", "WALLOPS text"},
    {"WHO", "WHO: people in a room, or by a mask",
     "WHO #room\nWHO nick\nWHO *.example.org\nWHO #room o\n\nWith o: server operators only."},
    {"WHOIS", "WHOIS: who somebody is", "WHOIS nick"},
    {"WHOWAS", "WHOWAS: who somebody was", "WHOWAS nick\nWHOWAS nick 2"},
};

enum { TOPICS = sizeof(topics) / sizeof(topics[0]) };

enum { COMMANDS_PER_LINE = 8 };

/* The names of all commands, from their own table. */
static void add_commands(struct buf *out)
{
    for (unsigned i = 0; i < VERB_COUNT; i++) {
        if (i > 0) {
            buf_add_char(out, i % COMMANDS_PER_LINE == 0 ? '\n' : ' ');
        }
        buf_add_str(out, verb_by_id((enum verb_id)i)->name);
    }
}

static void show(struct core *core, const struct topic *topic)
{
    struct buf commands = {0};
    struct str rest = str_from(topic->text);
    if (topic->text == NULL) {
        add_commands(&commands);
        rest = buf_str(&commands);
    }
    reply_numeric(core, RPL_HELPSTART, "%s :%s", topic->subject, topic->title);
    reply_numeric(core, RPL_HELPTXT, "%s :", topic->subject);
    while (rest.p != NULL) {
        struct str line = str_split(&rest, '\n');
        reply_numeric(core, rest.p != NULL ? RPL_HELPTXT : RPL_ENDOFHELP, "%s :" STR_FMT,
                      topic->subject, STR_ARG(line));
    }
    buf_finish(&commands);
}

void cmd_HELP(struct core *core, const struct input_line *in)
{
    struct str subject = line_param(&in->line, 0);
    if (subject.len > 1 && subject.p[0] == '/') {
        subject.p++;
        subject.len--;
    }
    if (str_eq_nocase(subject, STR("MSG"))) {
        subject = STR("PRIVMSG");
    }
    for (unsigned i = 0; i < TOPICS; i++) {
        if (str_eq_nocase(str_from(topics[i].subject), subject) || subject.len == 0) {
            show(core, &topics[i]);
            return;
        }
    }
    reply_numeric(core, ERR_HELPNOTFOUND,
                  STR_FMT " :No help available on this topic. HELP alone lists what there is",
                  STR_ARG(reply_word(subject)));
}

void cmd_HELPOP(struct core *core, const struct input_line *in)
{
    cmd_HELP(core, in);
}
