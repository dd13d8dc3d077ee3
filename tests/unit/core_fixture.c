/* A core with a small edge around it. Tests only; one thread. */
#include "unit.h"

#include "core_fixture.h"

#include "alloc.h"
#include "cap.h"
#include "tags.h"

#include <stdio.h>
#include <stdlib.h>

static struct fixture_session *find(struct fixture *f, session_id id)
{
    uint32_t slot = session_id_slot(id);
    assert_in_range(slot, 1, f->n_sessions);
    return &f->sessions[slot - 1];
}

static unsigned place(const struct fixture_session *s, room_id room)
{
    unsigned i = 0;
    while (i < s->n_rooms && s->rooms[i] != room) {
        i++;
    }
    return i;
}

static unsigned n_hearing(const struct fixture *f)
{
    return f->deaf_from > 0 && f->deaf_from < f->n_sessions ? f->deaf_from : f->n_sessions;
}

static void see(struct fixture *f, struct fixture_session *s, struct str bytes)
{
    if (s >= f->sessions + n_hearing(f)) {
        return;
    }
    for (size_t i = 0; i < bytes.len; i++) {
        if (bytes.p[i] != '\r') {
            buf_add_char(&s->seen, bytes.p[i]);
        }
    }
}

static bool is_in_audience(const struct fixture_session *s, const struct effect *e)
{
    const struct audience *a = &e->audience;
    if (!s->open || (s->caps & a->caps_with) != a->caps_with || (s->caps & a->caps_without) != 0 ||
        (s->traits & a->traits) != a->traits) {
        return false;
    }
    if (a->kind == AUDIENCE_SESSION) {
        return s->id == a->session;
    }
    if (s->id == a->session) {
        return false;
    }
    unsigned at = place(s, a->room);
    switch (a->kind) {
    case AUDIENCE_ROOM:
        return at < s->n_rooms && s->ranks[at] >= a->rank_min;
    case AUDIENCE_ROOMS:
        for (unsigned i = 0; i < e->message->n_rooms; i++) {
            at = place(s, e->message->rooms[i]);
            if (at < s->n_rooms &&
                (i < e->message->n_rooms - e->message->n_closed || s->ranks[at] > 0)) {
                return true;
            }
        }
        return false;
    default:
        return true;
    }
}

static void deliver(struct fixture *f, const struct effect *e)
{
    struct buf text = {0};
    for (unsigned i = 0; i < n_hearing(f); i++) {
        struct fixture_session *s = &f->sessions[i];
        if (is_in_audience(s, e)) {
            buf_clear(&text);
            message_render(e->message, s->caps, &text);
            see(f, s, buf_str(&text));
        }
    }
    buf_finish(&text);
}

static void enter(struct fixture_session *s, const struct effect *e)
{
    assert_int_equal(place(s, e->room), s->n_rooms);
    s->rooms = xrealloc(s->rooms, (s->n_rooms + 1) * sizeof(*s->rooms));
    s->ranks = xrealloc(s->ranks, s->n_rooms + 1);
    s->rooms[s->n_rooms] = e->room;
    s->ranks[s->n_rooms++] = e->rank;
}

static void leave(struct fixture_session *s, room_id room)
{
    unsigned at = place(s, room);
    assert_true(at < s->n_rooms);
    s->n_rooms--;
    memmove(s->rooms + at, s->rooms + at + 1, (s->n_rooms - at) * sizeof(*s->rooms));
    memmove(s->ranks + at, s->ranks + at + 1, s->n_rooms - at);
}

static void take_effect(void *ctx, const struct effect *e)
{
    struct fixture *f = ctx;
    struct fixture_session *s = e->session != 0 ? find(f, e->session) : NULL;
    unsigned number = s != NULL ? (unsigned)(s - f->sessions) : 0;
    if (fixture_store(f, e)) {
        message_unref(e->message);
        account_state_unref(e->account);
        return;
    }
    switch (e->kind) {
    case EFFECT_REPLY:
        assert_true(s->open);
        see(f, s, e->message->body);
        break;
    case EFFECT_CAST:
        deliver(f, e);
        break;
    case EFFECT_REGISTERED:
        s->open = true;
        break;
    case EFFECT_REFUSED:
        see(f, s, e->message->body);
        buf_printf(&f->effects, "REFUSED %u\n", number);
        break;
    case EFFECT_JOIN:
        enter(s, e);
        break;
    case EFFECT_PART:
        leave(s, e->room);
        break;
    case EFFECT_RANK:
        assert_true(place(s, e->room) < s->n_rooms);
        s->ranks[place(s, e->room)] = e->rank;
        break;
    case EFFECT_TRAITS:
        s->caps = e->caps;
        s->traits = e->traits;
        break;
    case EFFECT_VERIFY:
        f->operator_index = e->operator_index;
        f->verifying = number + 1;
        buf_printf(&f->effects, "VERIFY %u " STR_FMT "\n", number, STR_ARG(e->message->body));
        break;
    case EFFECT_CLOSE:
        see(f, s, e->message->body);
        s->open = false;
        buf_printf(&f->effects, "CLOSE %u\n", number);
        break;
    case EFFECT_LOG:
        buf_add_str(&f->log, e->message->body);
        buf_add_char(&f->log, '\n');
        break;
    case EFFECT_REHASH:
        buf_printf(&f->effects, "REHASH %u\n", number);
        break;
    case EFFECT_HASH:
        f->hashing = number + 1;
        buf_printf(&f->effects, "HASH %u " STR_FMT "\n", number, STR_ARG(e->message->body));
        break;
    case EFFECT_CREDENTIALS:
        buf_printf(&f->effects, "CREDENTIALS " STR_FMT "%s\n",
                   STR_ARG(e->account != NULL ? e->account->name : STR("-")),
                   e->failed ? " too many" : "");
        break;
    case EFFECT_SIGNUP:
        buf_printf(&f->effects, "SIGNUP " STR_FMT ": " STR_FMT,
                   STR_ARG(e->account != NULL ? e->account->name : STR("-")),
                   STR_ARG(e->message->body));
        break;
    case EFFECT_MAIL:
        buf_printf(&f->effects, "MAIL " STR_FMT " " STR_FMT "\n", STR_ARG(e->account->email),
                   STR_ARG(e->account->code));
        break;
    case EFFECT_NICK:
    case EFFECT_ROSTER:
    case EFFECT_SETTINGS:
    case EFFECT_STOP:
    default:
        break;
    }
    message_unref(e->message);
    account_state_unref(e->account);
}

static void init(struct fixture *f, bool history, bool accounts)
{
    *f = (struct fixture){.now_ms = 1795305600000};
    f->settings = settings_create();
    f->settings->operators = xcalloc(2, sizeof(*f->settings->operators));
    f->settings->n_operators = 2;
    f->settings->operators[0].name = str_dup(STR("root"));
    f->settings->operators[1].name = str_dup(STR("admin"));
    f->settings->history = history;
    f->settings->accounts = accounts;
    f->core = core_create(&(struct core_options){
        .settings = f->settings,
        .hash_seed = {1, 2},
        .server_part = "m",
        .started_ms = f->now_ms,
        .emit = take_effect,
        .ctx = f,
    });
}

void fixture_init(struct fixture *f)
{
    init(f, false, false);
}

void fixture_init_kept(struct fixture *f)
{
    init(f, true, false);
}

void fixture_init_accounts(struct fixture *f, bool history)
{
    init(f, history, true);
}

void fixture_finish(struct fixture *f)
{
    core_destroy(f->core);
    settings_unref(f->settings);
    for (unsigned i = 0; i < f->n_sessions; i++) {
        free(f->sessions[i].rooms);
        free(f->sessions[i].ranks);
        buf_finish(&f->sessions[i].seen);
    }
    free(f->sessions);
    buf_finish(&f->effects);
    buf_finish(&f->log);
    buf_finish(&f->store);
}

enum core_result fixture_apply(struct fixture *f, const struct input *input)
{
    struct input copy = *input;
    copy.now_ms = f->now_ms;
    return core_apply(f->core, &copy);
}

/* The three forms of a name, in buffers that name_finish frees. */
struct forms {
    struct buf folded;
    struct buf skeleton;
};

static struct name make_name(struct forms *forms, struct str raw, bool is_nick)
{
    *forms = (struct forms){0};
    name_fold(NAME_CASE_RFC8265, raw, &forms->folded);
    name_skeleton(raw, &forms->skeleton);
    return (struct name){raw, buf_str(&forms->folded), buf_str(&forms->skeleton),
                         is_nick ? name_check_nick(raw) : name_check_channel(raw)};
}

static void finish_forms(struct forms *forms)
{
    buf_finish(&forms->folded);
    buf_finish(&forms->skeleton);
}

unsigned fixture_register(struct fixture *f, const char *nick, cap_set caps)
{
    unsigned number = f->n_sessions++;
    f->sessions = xrealloc(f->sessions, f->n_sessions * sizeof(*f->sessions));
    f->sessions[number] =
        (struct fixture_session){.id = session_id_make(0, 1, number + 1), .caps = caps};
    struct buf host = {0};
    struct buf host_folded = {0};
    struct buf realname = {0};
    buf_printf(&host, "%s.test", nick);
    name_fold(NAME_CASE_RFC8265, buf_str(&host), &host_folded);
    buf_printf(&realname, "Real %s", nick);
    struct forms forms;
    struct input input = {.kind = INPUT_REGISTER, .session = f->sessions[number].id};
    input.reg = (struct input_register){
        .nick = make_name(&forms, str_from(nick), true),
        .user = str_from(nick),
        .realname = buf_str(&realname),
        .host = buf_str(&host),
        .host_folded = buf_str(&host_folded),
        .caps = caps,
        .cap_version = 302,
        .kind = SESSION_IRC,
        .account = f->as,
    };
    enum core_result result = fixture_apply(f, &input);
    f->sessions[number].result = result;
    finish_forms(&forms);
    buf_finish(&host);
    buf_finish(&host_folded);
    buf_finish(&realname);
    if (!f->keep_welcome && f->sessions[number].open) {
        buf_clear(&f->sessions[number].seen);
    }
    return number;
}

void fixture_verdict(struct fixture *f, bool verdict)
{
    unsigned session = f->verifying - 1;
    f->verifying = 0;
    f->sessions[session].result =
        fixture_apply(f, &(struct input){.kind = INPUT_VERDICT,
                                         .session = f->sessions[session].id,
                                         .verdict.right = verdict});
}

void fixture_hashed(struct fixture *f, const char *hash)
{
    unsigned session = f->hashing - 1;
    f->hashing = 0;
    struct input input = {.kind = INPUT_HASHED, .session = f->sessions[session].id};
    input.hashed.keys.hash = str_from(hash);
    input.hashed.code = STR("1234");
    f->sessions[session].result = fixture_apply(f, &input);
}

void fixture_account_stored(struct fixture *f, bool failed)
{
    struct input input = {.kind = INPUT_ACCOUNT_STORED, .session = f->account_for};
    input.stored.account = f->account;
    input.stored.failed = failed;
    fixture_apply(f, &input);
}

void fixture_make_operator(struct fixture *f, unsigned session)
{
    fixture_line(f, session, "OPER root secret");
    fixture_verdict(f, true);
    fixture_forget(f);
}

enum { NAMES_MAX = 200 };

void fixture_line_piece(struct fixture *f, unsigned session, const char *line)
{
    struct input input = {.kind = INPUT_LINE, .session = f->sessions[session].id};
    struct input_line *in = &input.line;
    /* A copy of its exact size, so that a sanitizer sees who reads behind the line. */
    size_t len = strlen(line);
    char *bytes = xmalloc(len);
    memcpy(bytes, line, len);
    assert_int_equal(line_parse((struct str){bytes, len}, &in->line), STATUS_OK);
    in->verb = verb_find(in->line.command);
    struct buf folded[LINE_PARAMS_MAX] = {0};
    for (unsigned i = 0; in->verb != NULL && i < in->line.n_params; i++) {
        if ((in->verb->fold & 1u << i) != 0 && !f->fold_nothing) {
            name_fold(NAME_CASE_RFC8265, in->line.params[i], &folded[i]);
            in->folded[i] = buf_str(&folded[i]);
        }
    }
    if (in->verb != NULL && (in->verb->flags & VERB_ATTRIBUTES) != 0 && in->line.n_params > 0) {
        static const char *const keys[] = {"in", "from"};
        for (unsigned i = 0; i < 2; i++) {
            struct str value;
            if (tags_find(in->line.params[0], str_from(keys[i]), &value)) {
                name_fold(NAME_CASE_RFC8265, value, &folded[i]);
                in->folded[i] = buf_str(&folded[i]);
            }
        }
    }
    struct name names[NAMES_MAX];
    struct forms forms[NAMES_MAX];
    if (in->verb != NULL && (in->verb->flags & VERB_NEW_NAMES) != 0 && in->line.n_params > 0) {
        struct str rest = in->line.params[0];
        bool is_nick = in->verb->id == VERB_NICK;
        while (rest.p != NULL) {
            assert_true(in->n_names < NAMES_MAX);
            unsigned i = in->n_names++;
            names[i] = make_name(&forms[i], is_nick ? rest : str_split(&rest, ','), is_nick);
            rest.p = is_nick ? NULL : rest.p;
        }
        in->names = names;
    }
    f->sessions[session].result = fixture_apply(f, &input);
    for (unsigned i = 0; i < in->n_names; i++) {
        finish_forms(&forms[i]);
    }
    for (unsigned i = 0; i < LINE_PARAMS_MAX; i++) {
        buf_finish(&folded[i]);
    }
    free(bytes);
}

void fixture_continue(struct fixture *f, unsigned session)
{
    struct input input = {.kind = INPUT_CONTINUE, .session = f->sessions[session].id};
    f->sessions[session].result = fixture_apply(f, &input);
}

void fixture_line(struct fixture *f, unsigned session, const char *line)
{
    fixture_line_piece(f, session, line);
    while (f->sessions[session].result == CORE_HELD) {
        fixture_continue(f, session);
    }
}

const char *fixture_seen(struct fixture *f, unsigned session)
{
    struct buf *seen = &f->sessions[session].seen;
    buf_add_char(seen, '\0');
    seen->len = 0; /* The bytes stay until something is added. */
    return seen->p;
}

void fixture_forget(struct fixture *f)
{
    for (unsigned i = 0; i < f->n_sessions; i++) {
        buf_clear(&f->sessions[i].seen);
    }
    buf_clear(&f->effects);
    buf_clear(&f->log);
    buf_clear(&f->store);
}

void fixture_compare(const char *got, const char *want, const char *file, int line)
{
    if (strcmp(got, want) != 0) {
        print_error("%s:%d: got\n%swanted\n%s", file, line, got, want);
        _fail(file, line);
    }
}
