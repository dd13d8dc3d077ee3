/* The table of accounts, their changes, and what the store says of them. Pure; under the core's
 * mutex. */
#include "accounts.h"

#include "reply.h"

#include "alloc.h"

#include <limits.h>
#include <stddef.h>
#include <stdlib.h>

/* Somebody waits until the store has written a change. */
struct account_pending {
    session_id session;
    struct account_state *before; /* to go back to; NULL: the account is new */
    char *nick;                   /* of a session that is no user yet; NULL: a user waits */
};

/* A certificate of an account. */
struct fingerprint {
    struct account *account;
    size_t len;
    char text[];
};

static struct str fingerprint_key(const void *value)
{
    const struct fingerprint *fingerprint = value;
    return str_make(fingerprint->text, fingerprint->len);
}

void accounts_init(struct core *core)
{
    name_index_init(&core->accounts.names, core->hash_seed);
    strmap_init(&core->accounts.fingerprints, fingerprint_key, core->hash_seed);
    core->accounts.attempts = attempts_create(core->hash_seed);
}

/* ---- finding ---- */

struct account *account_find(const struct core *core, struct str folded)
{
    struct name_entry *entry = name_index_find(&core->accounts.names, folded);
    return entry != NULL ? (struct account *)((char *)entry - offsetof(struct account, name))
                         : NULL;
}

struct account *account_by_id(const struct core *core, account_id id)
{
    return id != 0 ? olist_get(&core->accounts.list, id) : NULL;
}

struct account *account_by_fingerprint(const struct core *core, struct str fingerprint)
{
    const struct fingerprint *found = strmap_get(&core->accounts.fingerprints, fingerprint);
    return found != NULL ? found->account : NULL;
}

bool account_is_open(const struct account *account)
{
    bool is_new = account->pending != NULL && account->pending->before == NULL;
    return !is_new && !account_is_unverified(account) && !account->state->suspended;
}

int account_name_check(const struct core *core, const struct name *name, const struct account *self)
{
    return name_index_check(&core->accounts.names, name, self != NULL ? &self->name : NULL);
}

/* ---- states ---- */

static void add_fingerprints(struct core *core, struct account *account)
{
    for (unsigned i = 0; i < account->state->n_fingerprints; i++) {
        struct str text = account->state->fingerprints[i];
        if (text.len == 0 || strmap_get(&core->accounts.fingerprints, text) != NULL) {
            continue;
        }
        struct fingerprint *fingerprint = xcalloc(1, sizeof(*fingerprint) + text.len);
        fingerprint->account = account;
        fingerprint->len = text.len;
        memcpy(fingerprint->text, text.p, text.len);
        strmap_put(&core->accounts.fingerprints, fingerprint);
    }
}

static void remove_fingerprints(struct core *core, struct account *account)
{
    for (unsigned i = 0; i < account->state->n_fingerprints; i++) {
        struct str text = account->state->fingerprints[i];
        const struct fingerprint *found = strmap_get(&core->accounts.fingerprints, text);
        if (found != NULL && found->account == account) {
            free(strmap_del(&core->accounts.fingerprints, text));
        }
    }
}

/* Takes the reference. */
static void set_state(struct core *core, struct account *account, struct account_state *state)
{
    if (account->state != NULL) {
        core->accounts.n_unverified -= account_is_unverified(account);
        remove_fingerprints(core, account);
        account_state_unref(account->state);
    }
    account->state = state;
    if (state != NULL) {
        core->accounts.n_unverified += account_is_unverified(account);
        add_fingerprints(core, account);
    }
}

/* Takes the reference. */
static struct account *add(struct core *core, struct account_state *state)
{
    const struct name name = {state->name, state->folded, state->skeleton, NAME_OK};
    struct account *account = xcalloc(1, sizeof(*account) + name_entry_size(&name));
    char *texts = (char *)(account + 1);
    account->id = state->id;
    account->name = name_entry_place(&texts, &name);
    name_index_add(&core->accounts.names, &account->name);
    olist_append(&core->accounts.list, account);
    set_state(core, account, state);
    return account;
}

static void free_pending(struct account *account)
{
    if (account->pending != NULL) {
        account_state_unref(account->pending->before);
        free(account->pending->nick);
        free(account->pending);
        account->pending = NULL;
    }
}

static void forget_unsaved(struct core *core, struct account *account)
{
    struct account **at = &core->accounts.unsaved;
    while (account->is_unsaved && *at != account) {
        at = &(*at)->next_unsaved;
    }
    if (account->is_unsaved) {
        *at = account->next_unsaved;
    }
}

static void destroy(struct core *core, struct account *account)
{
    CHECK(account->user == NULL);
    forget_unsaved(core, account);
    free_pending(account);
    set_state(core, account, NULL);
    name_index_remove(&core->accounts.names, &account->name);
    olist_remove(&core->accounts.list, account->id);
    free(account);
}

void accounts_finish(struct core *core)
{
    struct account *account;
    OLIST_EACH (&core->accounts.list, account) {
        destroy(core, account);
    }
    olist_finish(&core->accounts.list);
    name_index_finish(&core->accounts.names);
    strmap_finish(&core->accounts.fingerprints);
    attempts_destroy(core->accounts.attempts);
}

static void tell_store(struct core *core, const struct account *account, session_id session)
{
    core_emit(core, &(struct effect){
                        .kind = EFFECT_ACCOUNT,
                        .session = session,
                        .account = account_state_ref(account->state),
                    });
}

/* It ends, with what is its alone. */
static void end(struct core *core, struct account *account)
{
    core_emit(core, &(struct effect){.kind = EFFECT_ACCOUNT_GONE, .gone = account->id});
    markers_forget(core, account->id);
    partners_forget(core, account->id);
    destroy(core, account);
}

void account_restore(struct core *core, struct account_state *state)
{
    const struct account *last = olist_last(&core->accounts.list);
    if (account_find(core, state->folded) != NULL || (last != NULL && state->id <= last->id)) {
        /* The rules of folding have changed since, or the store is not what it was. */
        core_log(core, LOG_REFUSE, 0,
                 "the account " STR_FMT " stays closed: its name or number is another's",
                 STR_ARG(state->name));
        return;
    }
    add(core, account_state_ref(state));
    core->next_message = core->next_message > state->id ? core->next_message : state->id;
}

/* ---- changes ---- */

static void begin_pending(struct account *account, session_id session, struct account_state *before,
                          const struct str *nick)
{
    CHECK(account->pending == NULL);
    account->pending = xcalloc(1, sizeof(*account->pending));
    account->pending->session = session;
    account->pending->before = before != NULL ? account_state_ref(before) : NULL;
    account->pending->nick = nick != NULL ? str_dup(*nick) : NULL;
}

static struct account *create(struct core *core, const struct account_state *parts,
                              session_id session, const struct str *nick)
{
    struct account_state whole = *parts;
    whole.id = ++core->next_message;
    struct account *account = add(core, account_state_create(&whole));
    begin_pending(account, session, NULL, nick);
    tell_store(core, account, session);
    return account;
}

void account_create(struct core *core, const struct account_state *parts, wait_fn done)
{
    const struct account *account = create(core, parts, core->who->id, NULL);
    wait_begin(core, INPUT_ACCOUNT_STORED, done, account->id, (struct str){0});
}

void account_create_signup(struct core *core, const struct account_state *parts, session_id session,
                           struct str nick)
{
    create(core, parts, session, &nick);
}

static void change_state(struct core *core, struct account *account,
                         const struct account_state *parts, session_id session)
{
    bool was_on = account_is_always_on(core, account);
    set_state(core, account, account_state_create(parts));
    tell_store(core, account, session);
    if (account_is_always_on(core, account) != was_on) {
        account_mark(core, account); /* Its rooms are to be kept from now on, or no longer. */
    }
}

void account_change(struct core *core, struct account *account, const struct account_state *parts)
{
    change_state(core, account, parts, 0);
}

static bool change(struct core *core, struct account *account, const struct account_state *parts,
                   session_id session, const struct str *nick)
{
    if (account->pending != NULL) {
        return false;
    }
    begin_pending(account, session, account->state, nick);
    change_state(core, account, parts, session);
    return true;
}

bool account_change_waiting(struct core *core, struct account *account,
                            const struct account_state *parts, wait_fn done, struct str text)
{
    if (!change(core, account, parts, core->who->id, NULL)) {
        return false;
    }
    wait_begin(core, INPUT_ACCOUNT_STORED, done, account->id, text);
    return true;
}

bool account_change_signup(struct core *core, struct account *account,
                           const struct account_state *parts, session_id session, struct str nick)
{
    return change(core, account, parts, session, &nick);
}

/* What could not be written was never said. What has changed by itself since stays. */
static void take_back(struct core *core, struct account *account,
                      const struct account_state *before)
{
    struct account_state parts = account_state_parts(account->state);
    parts.password_hash = before->password_hash;
    parts.scram = before->scram;
    parts.email = before->email;
    parts.code = before->code;
    parts.code_ms = before->code_ms;
    parts.fingerprints = before->fingerprints;
    parts.n_fingerprints = before->n_fingerprints;
    parts.multiclient = before->multiclient;
    parts.always_on = before->always_on;
    account_change(core, account, &parts);
}

static void tell_waiting(struct core *core, const struct input *input)
{
    const struct session *session = session_find(core, input->session);
    if (session == NULL || session->wait == NULL || session->wait->kind != input->kind ||
        session->wait->account != input->stored.account) {
        return;
    }
    if (wait_end(core, input) != CORE_AWAIT) {
        /* Its edge asks whether it may go on. */
        core_emit(core, &(struct effect){.kind = EFFECT_ANSWERED, .session = input->session});
    }
}

void account_stored(struct core *core, const struct input *input)
{
    struct account *account = account_by_id(core, input->stored.account);
    struct account_pending *pending = account != NULL ? account->pending : NULL;
    if (pending == NULL) {
        tell_waiting(core, input); /* It was unregistered meanwhile. */
        return;
    }
    account->pending = NULL;
    bool was_new = pending->before == NULL;
    if (input->stored.failed && was_new) {
        end(core, account);
        account = NULL;
    } else if (input->stored.failed) {
        take_back(core, account, pending->before);
    }
    struct input mine = *input;
    mine.session = pending->session;
    if (pending->nick != NULL) {
        register_signup_stored(core, &mine, account, was_new, str_from(pending->nick));
    } else {
        tell_waiting(core, &mine);
    }
    account_state_unref(pending->before);
    free(pending->nick);
    free(pending);
}

void account_unregister(struct core *core, struct account *account)
{
    struct user *user = account->user;
    if (user != NULL && user->sessions == NULL) {
        user_quit(core, user, STR("Account unregistered"), NULL);
    } else if (user != NULL) {
        account_logout(core, user);
    }
    end(core, account);
}

void account_suspend(struct core *core, struct account *account, bool suspended, struct str why)
{
    struct account_state parts = account_state_parts(account->state);
    parts.suspended = suspended;
    parts.suspended_why = suspended ? why : (struct str){0};
    account_change(core, account, &parts);
    if (suspended && account->user != NULL) {
        user_quit(core, account->user, STR("Account suspended"), NULL);
    }
}

/* ---- passwords ---- */

void account_credentials(struct core *core, const struct input *input)
{
    const struct input_credentials *asked = &input->credentials;
    const struct settings_bucket *bucket = &core->settings->logins;
    struct attempts *attempts = core->accounts.attempts;
    bool host = attempts_take(attempts, ATTEMPT_HOST, asked->host, bucket, core->now_ms);
    bool name = attempts_take(attempts, ATTEMPT_NAME, asked->name_folded, bucket, core->now_ms);
    const struct account *account = asked->name_folded.len > 0
                                        ? account_find(core, asked->name_folded)
                                        : account_by_fingerprint(core, asked->fingerprint);
    bool given = host && name && account != NULL && account_is_open(account);
    core_emit(core, &(struct effect){
                        .kind = EFFECT_CREDENTIALS,
                        .session = input->session,
                        .failed = !host || !name,
                        .account = given ? account_state_ref(account->state) : NULL,
                    });
}

void account_succeeded(struct core *core, const struct account *account, struct str host)
{
    const struct settings_bucket *bucket = &core->settings->logins;
    attempts_give(core->accounts.attempts, ATTEMPT_HOST, host, bucket);
    attempts_give(core->accounts.attempts, ATTEMPT_NAME, name_entry_folded(&account->name), bucket);
}

bool account_verify(struct core *core, const struct account *account, struct str name_folded,
                    struct str password, wait_fn done, struct str text)
{
    const struct settings_bucket *bucket = &core->settings->logins;
    struct attempts *attempts = core->accounts.attempts;
    struct str from = user_host(core->who->user);
    bool host = attempts_take(attempts, ATTEMPT_HOST, from, bucket, core->now_ms);
    bool name = attempts_take(attempts, ATTEMPT_NAME, name_folded, bucket, core->now_ms);
    if (!host || !name) {
        return false;
    }
    wait_begin(core, INPUT_VERDICT, done, account != NULL ? account->id : 0, text);
    core_emit(core, &(struct effect){
                        .kind = EFFECT_VERIFY,
                        .session = core->who->id,
                        .operator_index = UINT_MAX,
                        .account = account != NULL ? account_state_ref(account->state) : NULL,
                        .message = message_create(
                            &(struct message_parts){.time_ms = core->now_ms, .body = password}),
                    });
    return true;
}

void account_hash(struct core *core, struct str password, wait_fn done, struct str text)
{
    wait_begin(core, INPUT_HASHED, done, 0, text);
    core_emit(core, &(struct effect){
                        .kind = EFFECT_HASH,
                        .session = core->who->id,
                        .message = message_create(
                            &(struct message_parts){.time_ms = core->now_ms, .body = password}),
                    });
}
