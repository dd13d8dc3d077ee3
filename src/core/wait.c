/* Commands that go on when somebody else has done something: checked a password, made keys, written
 * to disk. The session's later commands wait meanwhile. Pure; under the core's mutex. */
#include "reply.h"

#include "alloc.h"

#include <stdlib.h>

void wait_begin(struct core *core, enum input_kind kind, wait_fn done, account_id account,
                struct str text)
{
    struct session *who = core->who;
    CHECK(who->wait == NULL);
    struct wait *wait = xcalloc(1, sizeof(*wait) + text.len + 1);
    wait->kind = kind;
    wait->done = done;
    wait->account = account;
    memcpy(wait->label, core->label, sizeof(wait->label));
    wait->len = text.len;
    if (text.len > 0) {
        memcpy(wait->text, text.p, text.len);
    }
    who->wait = wait;
}

struct str wait_text(const struct wait *wait, unsigned i)
{
    struct str rest = {wait->text, wait->len};
    for (; i > 0; i--) {
        str_split(&rest, '\0');
    }
    return str_split(&rest, '\0');
}

enum core_result wait_end(struct core *core, const struct input *input)
{
    struct session *session = session_find(core, input->session);
    if (session == NULL || session->wait == NULL || session->wait->kind != input->kind) {
        return session != NULL ? session_state(session) : CORE_DONE;
    }
    struct wait *wait = session->wait;
    session->wait = NULL;
    reply_open(core, session, (struct str){0});
    /* The label was checked when it came. */
    memcpy(core->label, wait->label, sizeof(core->label));
    wait->done(core, wait, input);
    reply_close(core);
    free(wait);
    session = session_find(core, input->session);
    return session != NULL ? session_state(session) : CORE_DONE;
}

void wait_destroy(struct session *session)
{
    free(session->wait);
    session->wait = NULL;
}
