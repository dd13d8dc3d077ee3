/* Who was here: a bounded ring of users that left or changed their nickname. Pure. */
#include "core_priv.h"

#include "alloc.h"

#include <stdlib.h>

struct whowas {
    struct whowas_entry *entries; /* a ring */
    unsigned cap;
    unsigned len;
    unsigned newest; /* index of the newest, if len > 0 */
};

struct whowas *whowas_create(void)
{
    return xcalloc(1, sizeof(struct whowas));
}

static void entry_finish(struct whowas_entry *entry)
{
    free(entry->folded);
    free(entry->nick);
    free(entry->user);
    free(entry->host);
    free(entry->realname);
    *entry = (struct whowas_entry){0};
}

static void clear(struct whowas *whowas)
{
    for (unsigned i = 0; i < whowas->cap; i++) {
        entry_finish(&whowas->entries[i]);
    }
    free(whowas->entries);
    *whowas = (struct whowas){0};
}

void whowas_destroy(struct whowas *whowas)
{
    if (whowas != NULL) {
        clear(whowas);
        free(whowas);
    }
}

void whowas_add(struct whowas *whowas, unsigned entries_max, const struct user *user,
                uint64_t now_ms)
{
    if (whowas->cap != entries_max) {
        clear(whowas);
        whowas->entries = xcalloc(entries_max, sizeof(*whowas->entries));
        whowas->cap = entries_max;
    }
    if (entries_max == 0) {
        return;
    }
    whowas->newest = whowas->len > 0 ? (whowas->newest + 1) % whowas->cap : 0;
    if (whowas->len < whowas->cap) {
        whowas->len++;
    }
    struct whowas_entry *entry = &whowas->entries[whowas->newest];
    entry_finish(entry);
    *entry = (struct whowas_entry){
        .folded = str_dup(name_entry_folded(&user->name)),
        .nick = str_dup(user_nick(user)),
        .user = str_dup(user_ident(user)),
        .host = str_dup(user_host(user)),
        .realname = str_dup(str_from(user_realname(user))),
        .left_ms = now_ms,
    };
}

const struct whowas_entry *whowas_next(const struct whowas *whowas, struct str folded,
                                       unsigned *back)
{
    while (*back < whowas->len) {
        const struct whowas_entry *entry =
            &whowas->entries[(whowas->newest + whowas->cap - *back) % whowas->cap];
        ++*back;
        if (str_eq(str_from(entry->folded), folded)) {
            return entry;
        }
    }
    return NULL;
}
