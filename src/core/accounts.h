/*
 * Accounts: registered names that outlast their users. The core holds all of them; each change is
 * one immutable account_state that the store writes (EFFECT_ACCOUNT). Where somebody waits for the
 * answer it comes after the store's, so "registered" means on disk; what could not be written is
 * taken back. Pure; under the core's mutex.
 *
 * For who lets people change their accounts (NickServ and the like):
 *
 *     struct account_state parts = account_state_parts(account->state);
 *     parts.email = email;
 *     if (!account_change_waiting(core, account, &parts, email_stored, text)) {
 *         … somebody else's change is under way: ask for patience
 *     }
 *
 *     static void email_stored(struct core *core, const struct wait *wait, const struct input
 * *input)
 *     {
 *         … answer core->who: input->stored.failed says whether it was taken back;
 *         account_by_id(core, wait->account) may be NULL where it was unregistered meanwhile
 *     }
 *
 * A password that is given in a command is checked with account_verify() and made into keys with
 * account_hash(): both end the command, which goes on in `done` (wait_begin() in core_priv.h says
 * how).
 */
#ifndef MARU_ACCOUNTS_H
#define MARU_ACCOUNTS_H

#include "core_priv.h"

/* ---- the table (accounts.c) ---- */

void accounts_init(struct core *core);
void accounts_finish(struct core *core);
/* Any, also one that nobody may log in to. NULL: there is none. */
struct account *account_find(const struct core *core, struct str folded);
struct account *account_by_id(const struct core *core, account_id id);
/* Whose certificate it is. */
struct account *account_by_fingerprint(const struct core *core, struct str fingerprint);
static inline struct str account_name(const struct account *account)
{
    return name_entry_raw(&account->name);
}
/* That its VERIFY has not come. */
static inline bool account_is_unverified(const struct account *account)
{
    return account->state->code.len > 0;
}
/* Whether its owner may log in to it: it is on disk, verified, and not suspended. */
bool account_is_open(const struct account *account);
/* STATUS_OK: nobody else has registered the name. STATUS_EXISTS: it is another's. STATUS_DENIED: it
 * looks like another's. `self` (NULL: nobody) may have it. */
int account_name_check(const struct core *core, const struct name *name,
                       const struct account *self) MARU_CHECK;

/* Its name, for what takes one. */
static inline struct name account_as_name(const struct account *account)
{
    return (struct name){account_name(account), name_entry_folded(&account->name),
                         name_entry_skeleton(&account->name), NAME_OK};
}

/* ---- changes (accounts.c) ---- */

/* A new one; parts->id is filled in. core->who waits: the command goes on in `done`. */
void account_create(struct core *core, const struct account_state *parts, wait_fn done);
/* The same for a session that is no user yet, called `nick`: EFFECT_SIGNUP answers it. */
void account_create_signup(struct core *core, const struct account_state *parts, session_id session,
                           struct str nick);
/* From now on it is as `parts` say; the store writes it, and nobody waits. */
void account_change(struct core *core, struct account *account, const struct account_state *parts);
/* The same, and core->who waits until it is on disk: the command goes on in `done`, which gets
 * INPUT_ACCOUNT_STORED and `text`. False, and nothing has changed: another waits already. */
bool account_change_waiting(struct core *core, struct account *account,
                            const struct account_state *parts, wait_fn done, struct str text);
bool account_change_signup(struct core *core, struct account *account,
                           const struct account_state *parts, session_id session, struct str nick);
/* It ends: who is logged in to it is a guest again, what is its alone goes, the name is free. Ids
 * are never used again, so nobody who takes the name later gets anything of it. */
void account_unregister(struct core *core, struct account *account);
/* Nobody may log in to it any more, and who is logged in has to leave (it may be core->who). */
void account_suspend(struct core *core, struct account *account, bool suspended, struct str why);

/* core->who waits for the verdict (INPUT_VERDICT) on a password of the account; NULL, where there
 * is none of that name, takes as long and is always wrong. False: there were too many attempts. */
bool account_verify(struct core *core, const struct account *account, struct str name_folded,
                    struct str password, wait_fn done, struct str text);
/* After a right verdict: the attempt does not count. */
void account_succeeded(struct core *core, const struct account *account, struct str host);
/* core->who waits for the keys of a password (INPUT_HASHED). */
void account_hash(struct core *core, struct str password, wait_fn done, struct str text);

/* ---- logging in and out (account_login.c) ---- */

enum login {
    LOGIN_DONE,
    LOGIN_CLOSED,    /* there is no such account, or nobody may log in to it */
    LOGIN_ELSEWHERE, /* another user is logged in to it */
};

/* The user is logged in to it; who may hear of it does (account-notify), and it gets the account's
 * nickname where the settings say so and nobody else has it. */
enum login account_login(struct core *core, struct user *user, struct account *account);
/* It is a guest again. */
void account_logout(struct core *core, struct user *user);
/* For people. */
const char *login_text(enum login login);
/* Answers core->who with 900, or 901 where it is a guest. */
void account_say_login(struct core *core);
/* The same without telling anybody: a user who comes, or who goes. */
void account_bind(struct core *core, struct user *user, struct account *account);
void account_unbind(struct core *core, struct user *user);
/* Why somebody logged in to `account` (NULL: a guest) may not have the nickname, though nobody uses
 * it; NULL: it may. */
const char *nick_reserved_text(const struct core *core, const struct name *name,
                               const struct account *account);

/* ---- registering (account_register.c) ---- */

/* Why an account cannot be made so; both are NULL where it can. */
struct register_refusal {
    const char *code; /* of FAIL REGISTER */
    const char *text;
};
/* `self` (NULL: no user yet), called `nick`, wants that name. */
struct register_refusal register_check_name(const struct core *core, const struct name *name,
                                            const struct user *self, struct str nick);
/* What was made or verified for a session that is no user yet is on disk, or could not be written.
 */
void register_signup_stored(struct core *core, const struct input *input,
                            const struct account *account, bool was_new, struct str nick);

/* ---- inputs ---- */

void account_restore(struct core *core, struct account_state *state);
void account_stored(struct core *core, const struct input *input);
void account_credentials(struct core *core, const struct input *input);
enum core_result account_proved(struct core *core, const struct input *input);
void account_ordered(struct core *core, const struct input_account_order *in);
void register_enrol(struct core *core, const struct input *input);
void register_confirm(struct core *core, const struct input *input);

/* ---- several sessions, or none (account_stay.c) ---- */

bool account_is_always_on(const struct core *core, const struct account *account);
bool account_has_many_sessions(const struct core *core, const struct account *account);
/* What lasts of the account is another now, or, with touch, what lasts of its user where it is
 * always on: it is written at the end of the input. */
void account_mark(struct core *core, struct account *account);
void account_touch(struct core *core, const struct user *user);
void accounts_save(struct core *core);
/* A session of the user is alive. */
void account_spoke(struct core *core, const struct user *user);
/* Its last session has gone; its first has come. */
void account_left(struct core *core, struct user *user);
void account_came(struct core *core, struct user *user);
/* The users that stayed come back when the server starts, after the rooms. */
void accounts_return(struct core *core);
/* Ends what nobody came back to, and what was never verified: one at a time. */
void accounts_expire(struct core *core);

/* ---- attempts.c ---- */

/* What attempts are counted by. */
enum attempt_kind { ATTEMPT_HOST, ATTEMPT_NAME, ATTEMPT_REGISTRATION };

struct attempts *attempts_create(const uint64_t seed[2]);
void attempts_destroy(struct attempts *attempts);
/* Takes one from the bucket; false: it is empty. An empty key is nobody's. */
bool attempts_take(struct attempts *attempts, enum attempt_kind kind, struct str key,
                   const struct settings_bucket *bucket, uint64_t now_ms);
/* It was none that counts. */
void attempts_give(struct attempts *attempts, enum attempt_kind kind, struct str key,
                   const struct settings_bucket *bucket);

#endif
