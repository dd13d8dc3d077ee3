/* A person's stay on a server: session, link, and coming back. Main thread; no GTK. */
#include "chat_client.h"

#include "irc_link.h"

#include <glib/gi18n.h>

enum {
    BACKOFF_FIRST_S = 1,
    BACKOFF_MAX_S = 30,
    TICK_EVERY_S = 5,
};

struct _MaruChatClient {
    GObject parent_instance;
    struct client_settings *settings;
    struct client_session *session;
    struct pin_store *pins;
    struct irc_link *link;
    struct server_address address;
    char *typed_address;
    char *password;     /* of the server below, as long as the program runs; NULL: none */
    char *password_key; /* the server that it is for; no other is told */

    enum chat_state state;
    struct client_problem *ending; /* why the connection under way is to be closed */
    guint tick;                    /* source: asks the session whether the server is there */
    guint countdown;               /* source: once a second while waiting */
    unsigned seconds_left;
    unsigned backoff_s;
};

G_DEFINE_FINAL_TYPE(MaruChatClient, maru_chat_client, G_TYPE_OBJECT)

enum {
    STATE_CHANGED,
    ROOM_CHANGED,
    PROBLEM,
    ANNOUNCEMENT,
    ATTENTION,
    SHOW_ROW,
    SEARCH_CHANGED,
    N_SIGNALS,
};
static guint signals[N_SIGNALS];

static struct client_now now(void)
{
    return (struct client_now){g_get_real_time(), g_get_monotonic_time() / 1000};
}

static void set_state(MaruChatClient *self, enum chat_state state)
{
    self->state = state;
    g_signal_emit(self, signals[STATE_CHANGED], 0);
}

static void drop_link(MaruChatClient *self)
{
    g_clear_handle_id(&self->tick, g_source_remove);
    g_clear_handle_id(&self->countdown, g_source_remove);
    client_session_end(self->session, now());
    g_clear_pointer(&self->link, irc_link_close);
}

static bool is_first_try(const MaruChatClient *self)
{
    return self->state == CHAT_JOINING;
}

static void open_link(MaruChatClient *self);

static gboolean on_countdown(gpointer data)
{
    MaruChatClient *self = data;
    if (self->seconds_left > 1) {
        self->seconds_left--;
        g_signal_emit(self, signals[STATE_CHANGED], 0);
        return G_SOURCE_CONTINUE;
    }
    self->countdown = 0;
    set_state(self, CHAT_RETURNING);
    open_link(self);
    return G_SOURCE_REMOVE;
}

/* Doubles up to half a minute, with a quarter at random so that a class does not return in one
 * moment. */
static void wait_and_retry(MaruChatClient *self)
{
    self->backoff_s =
        self->backoff_s == 0 ? BACKOFF_FIRST_S : MIN(self->backoff_s * 2, (unsigned)BACKOFF_MAX_S);
    gint32 jitter = g_random_int_range(0, (gint32)self->backoff_s / 4 + 1);
    self->seconds_left = self->backoff_s + (unsigned)jitter;
    self->countdown = g_timeout_add_seconds(1, on_countdown, self);
    set_state(self, CHAT_WAITING);
}

/* The connection is over. `problem` is the caller's. */
static void connection_over(MaruChatClient *self, const struct client_problem *problem)
{
    bool first = is_first_try(self);
    drop_link(self);
    if (!first && client_problem_is_passing(problem->kind)) {
        wait_and_retry(self);
        return;
    }
    set_state(self, first ? CHAT_IDLE : CHAT_STRANDED);
    g_signal_emit(self, signals[PROBLEM], 0, problem);
}

/* The session asked for the end while it handled a line; it is granted afterwards. */
static void end_if_asked(MaruChatClient *self)
{
    struct client_problem *ending = g_steal_pointer(&self->ending);
    if (ending != NULL) {
        connection_over(self, ending);
        client_problem_destroy(ending);
    }
}

static gboolean on_tick(gpointer data)
{
    MaruChatClient *self = data;
    if (client_session_tick(self->session, now())) {
        return G_SOURCE_CONTINUE;
    }
    self->tick = 0;
    bool joining = client_session_phase(self->session) == CLIENT_REGISTERING ||
                   client_session_phase(self->session) == CLIENT_JOINING;
    struct client_problem problem = {.kind = joining ? PROBLEM_NO_REPLY : PROBLEM_LOST};
    connection_over(self, &problem);
    return G_SOURCE_REMOVE;
}

static void on_opened(void *owner)
{
    MaruChatClient *self = owner;
    self->tick = g_timeout_add_seconds(TICK_EVERY_S, on_tick, self);
    client_session_begin(self->session, now());
}

static void on_line(void *owner, struct str line)
{
    MaruChatClient *self = owner;
    client_session_line(self->session, line, now());
    end_if_asked(self);
}

static void on_closed(void *owner, const struct client_problem *problem)
{
    MaruChatClient *self = owner;
    struct client_problem because = *problem;
    if (problem->kind == PROBLEM_LOST && is_first_try(self)) {
        because.kind = PROBLEM_NO_REPLY;
    }
    connection_over(self, &because);
}

static const struct irc_link_events link_events = {
    .opened = on_opened,
    .line = on_line,
    .closed = on_closed,
};

static void open_link(MaruChatClient *self)
{
    self->link = irc_link_open(&self->address, self->pins, &link_events, self);
}

static void session_send(void *owner, struct str line)
{
    MaruChatClient *self = owner;
    if (self->link != NULL) {
        irc_link_send(self->link, line);
    }
}

static void remember(MaruChatClient *self)
{
    client_settings_set(&self->settings->address, self->typed_address);
    client_settings_set(&self->settings->nick, client_session_wanted_nick(self->session));
    client_settings_save(self->settings);
}

static void session_phase(void *owner, enum client_phase phase)
{
    MaruChatClient *self = owner;
    if (phase == CLIENT_IN_ROOM) {
        self->backoff_s = 0;
        remember(self);
        set_state(self, CHAT_IN_ROOM);
    } else if (phase == CLIENT_OUTSIDE) {
        set_state(self, CHAT_OUTSIDE);
    }
}

static void session_problem(void *owner, const struct client_problem *problem)
{
    MaruChatClient *self = owner;
    client_problem_destroy(self->ending);
    self->ending = client_problem_create(problem->kind, problem->detail);
}

static void session_announcement(void *owner, const char *sender, const char *text)
{
    g_signal_emit(owner, signals[ANNOUNCEMENT], 0, sender, text);
}

static void session_attention(void *owner, const char *sender, const char *text)
{
    g_signal_emit(owner, signals[ATTENTION], 0, sender, text);
}

static void session_changed(void *owner)
{
    g_signal_emit(owner, signals[ROOM_CHANGED], 0);
}

static void session_show(void *owner, unsigned position)
{
    g_signal_emit(owner, signals[SHOW_ROW], 0, position);
}

static void session_search(void *owner)
{
    g_signal_emit(owner, signals[SEARCH_CHANGED], 0);
}

static const struct client_session_events session_events = {
    .send = session_send,
    .phase = session_phase,
    .problem = session_problem,
    .announcement = session_announcement,
    .attention = session_attention,
    .changed = session_changed,
    .show = session_show,
    .search = session_search,
};

static void maru_chat_client_dispose(GObject *object)
{
    MaruChatClient *self = MARU_CHAT_CLIENT(object);
    g_clear_handle_id(&self->tick, g_source_remove);
    g_clear_handle_id(&self->countdown, g_source_remove);
    g_clear_pointer(&self->link, irc_link_close);
    g_clear_pointer(&self->session, client_session_destroy);
    g_clear_pointer(&self->pins, pin_store_destroy);
    g_clear_pointer(&self->ending, client_problem_destroy);
    g_clear_pointer(&self->typed_address, g_free);
    g_clear_pointer(&self->password, g_free);
    g_clear_pointer(&self->password_key, g_free);
    G_OBJECT_CLASS(maru_chat_client_parent_class)->dispose(object);
}

static guint new_signal(const char *name, guint n_params, GType type)
{
    return g_signal_new(name, MARU_TYPE_CHAT_CLIENT, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                        G_TYPE_NONE, n_params, type, type);
}

static void maru_chat_client_class_init(MaruChatClientClass *class)
{
    G_OBJECT_CLASS(class)->dispose = maru_chat_client_dispose;
    signals[STATE_CHANGED] = new_signal("state-changed", 0, G_TYPE_NONE);
    signals[ROOM_CHANGED] = new_signal("room-changed", 0, G_TYPE_NONE);
    signals[PROBLEM] = new_signal("problem", 1, G_TYPE_POINTER);
    signals[ANNOUNCEMENT] = new_signal("announcement", 2, G_TYPE_STRING);
    signals[ATTENTION] = new_signal("attention", 2, G_TYPE_STRING);
    signals[SHOW_ROW] = new_signal("show-row", 1, G_TYPE_UINT);
    signals[SEARCH_CHANGED] = new_signal("search-changed", 0, G_TYPE_NONE);
}

static void maru_chat_client_init(MaruChatClient *self)
{
    g_autofree char *pins = client_settings_path("pins");
    self->pins = pin_store_create(pins);
    self->session = client_session_create(&session_events, self);
    self->typed_address = g_strdup("");
}

MaruChatClient *maru_chat_client_new(struct client_settings *settings)
{
    MaruChatClient *self = g_object_new(MARU_TYPE_CHAT_CLIENT, NULL);
    self->settings = settings;
    return self;
}

static void refuse(MaruChatClient *self, enum client_problem_kind kind)
{
    struct client_problem problem = {.kind = kind};
    g_signal_emit(self, signals[PROBLEM], 0, &problem);
}

/* The USER parameter takes few letters everywhere; a login name in another script would be refused.
 */
static char *user_name(void)
{
    GString *user = g_string_new(NULL);
    for (const char *c = g_get_user_name(); *c != '\0' && user->len < 9; c++) {
        if (g_ascii_isalnum(*c)) {
            g_string_append_c(user, *c);
        }
    }
    if (user->len == 0) {
        g_string_assign(user, "maru");
    }
    return g_string_free(user, FALSE);
}

void maru_chat_client_join(MaruChatClient *self, const char *address_text, const char *nick_text)
{
    g_return_if_fail(self->state == CHAT_IDLE);
    struct server_address address;
    int status = server_address_parse(str_from(address_text), &address);
    if (status < 0) {
        refuse(self, status == STATUS_NOT_FOUND ? PROBLEM_ADDRESS_EMPTY : PROBLEM_ADDRESS_INVALID);
        return;
    }
    g_autofree char *nick = g_strstrip(g_strdup(nick_text));
    enum client_problem_kind wrong = client_session_check_nick(nick);
    if (wrong != PROBLEM_NONE) {
        refuse(self, wrong);
        return;
    }
    g_autofree char *user = user_name();
    g_autofree char *key = server_address_key(&address);
    struct client_identity identity = {
        .nick = nick,
        .user = user,
        .realname = nick,
        .room = self->settings->room,
        .password = g_strcmp0(key, self->password_key) == 0 ? self->password : NULL,
    };
    /* A stay of its own: nothing of the last one is shown. */
    client_session_destroy(self->session);
    self->session = client_session_create(&session_events, self);
    client_session_set_identity(self->session, &identity);
    self->address = address;
    client_settings_set(&self->typed_address, address_text);
    self->backoff_s = 0;
    set_state(self, CHAT_JOINING);
    open_link(self);
}

void maru_chat_client_leave(MaruChatClient *self)
{
    if (self->state == CHAT_IDLE) {
        return;
    }
    client_session_quit(self->session, _("Leaving"));
    drop_link(self);
    set_state(self, CHAT_IDLE);
}

void maru_chat_client_retry(MaruChatClient *self)
{
    if (self->state == CHAT_OUTSIDE) {
        client_session_rejoin(self->session);
    } else if (self->state == CHAT_WAITING || self->state == CHAT_STRANDED) {
        g_clear_handle_id(&self->countdown, g_source_remove);
        set_state(self, CHAT_RETURNING);
        open_link(self);
    }
}

static void join_again(MaruChatClient *self)
{
    g_autofree char *address = g_strdup(self->typed_address);
    g_autofree char *nick = g_strdup(client_session_wanted_nick(self->session));
    maru_chat_client_join(self, address, nick);
}

void maru_chat_client_trust(MaruChatClient *self, const char *fingerprint)
{
    g_autofree char *key = server_address_key(&self->address);
    if (pin_store_set(self->pins, key, fingerprint) < 0) {
        g_warning("cannot remember the certificate of %s", key);
    }
    if (self->state == CHAT_IDLE) {
        join_again(self);
    } else {
        maru_chat_client_retry(self);
    }
}

void maru_chat_client_give_password(MaruChatClient *self, const char *password)
{
    g_free(self->password);
    g_free(self->password_key);
    self->password = g_strdup(password);
    self->password_key = server_address_key(&self->address);
    if (self->state == CHAT_IDLE) {
        join_again(self);
    } else {
        client_session_set_password(self->session, password);
        maru_chat_client_retry(self);
    }
}

enum client_entry maru_chat_client_enter(MaruChatClient *self, const char *text)
{
    enum client_entry result = client_session_enter(self->session, text, now());
    if (result == CLIENT_ENTRY_QUIT) {
        drop_link(self);
        set_state(self, CHAT_IDLE);
    }
    return result;
}

void maru_chat_client_send_again(MaruChatClient *self, unsigned position)
{
    client_session_send_again(self->session, position, now());
}

void maru_chat_client_remove(MaruChatClient *self, const char *id)
{
    client_session_remove(self->session, id, now());
}

bool maru_chat_client_can_remove(MaruChatClient *self)
{
    return client_session_can_remove(self->session);
}

void maru_chat_client_load(MaruChatClient *self, unsigned position, bool older, bool asked)
{
    client_session_load(self->session, position, older, asked, now());
}

void maru_chat_client_go_to(MaruChatClient *self, const char *id, int64_t time_us)
{
    client_session_go_to(self->session, id, time_us, now());
}

void maru_chat_client_search(MaruChatClient *self, const char *text)
{
    client_session_search(self->session, text, now());
}

void maru_chat_client_search_more(MaruChatClient *self)
{
    client_session_search_more(self->session, now());
}

enum search_state maru_chat_client_search_state(MaruChatClient *self)
{
    return client_session_search_state(self->session);
}

bool maru_chat_client_can_search(MaruChatClient *self)
{
    return client_session_can_search(self->session);
}

enum chat_state maru_chat_client_state(MaruChatClient *self)
{
    return self->state;
}

unsigned maru_chat_client_seconds_left(MaruChatClient *self)
{
    return self->seconds_left;
}

struct chat_room *maru_chat_client_room(MaruChatClient *self)
{
    return client_session_room(self->session);
}

const char *maru_chat_client_nick(MaruChatClient *self)
{
    return client_session_nick(self->session);
}

const char *maru_chat_client_address(MaruChatClient *self)
{
    return self->typed_address;
}
