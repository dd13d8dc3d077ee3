/*
 * Who hears of metadata: subscriptions of sessions, and the messages when a key changes. Pure;
 * under the core's mutex.
 *
 * A change is cast to an audience, like everything that is said: an edge knows of each session's
 * subscriptions only a few traits. So somebody may hear of a key that shares a trait with one that
 * was asked for, which the specification permits.
 */
#include "reply.h"

#include "alloc.h"

#include <stdlib.h>

static uint8_t trait_of(struct str key)
{
    if (str_eq(key, STR("display-name"))) {
        return TRAIT_KEY_DISPLAY_NAME;
    }
    return str_eq(key, STR("avatar")) ? TRAIT_KEY_AVATAR : TRAIT_KEY_OTHER;
}

const struct metadata *metadata_subscriptions(const struct core *core,
                                              const struct session *session)
{
    static const struct metadata none;
    const struct metadata *keys = map_get(&core->subscriptions, session->id);
    return keys != NULL ? keys : &none;
}

uint8_t metadata_traits(const struct core *core, const struct session *session)
{
    uint8_t traits = 0;
    const struct metadata *keys = metadata_subscriptions(core, session);
    for (unsigned i = 0; i < keys->n; i++) {
        traits |= trait_of(metadata_key(&keys->entries[i]));
    }
    return traits;
}

bool metadata_subscribe(struct core *core, struct session *session, struct str key)
{
    struct metadata *keys = map_get(&core->subscriptions, session->id);
    if (keys == NULL) {
        keys = xcalloc(1, sizeof(*keys));
        map_put(&core->subscriptions, session->id, keys);
    }
    return metadata_set(keys, key, STR(""), METADATA_SUBS_MAX);
}

void metadata_unsubscribe(struct core *core, struct session *session, struct str key)
{
    struct metadata *keys = map_get(&core->subscriptions, session->id);
    if (keys != NULL) {
        (void)metadata_unset(keys, key);
    }
}

static void keys_destroy(struct metadata *keys)
{
    if (keys != NULL) {
        metadata_finish(keys);
        free(keys);
    }
}

void metadata_unsubscribe_all(struct core *core, const struct session *session)
{
    keys_destroy(map_del(&core->subscriptions, session->id));
}

void metadata_core_finish(struct core *core)
{
    for (size_t i = 0; i < core->subscriptions.cap; i++) {
        keys_destroy(core->subscriptions.slots[i].value);
    }
    map_finish(&core->subscriptions);
}

const struct metadata *metadata_of(const struct user *user)
{
    static const struct metadata none;
    return user->extra != NULL ? &user->extra->metadata : &none;
}

/* ---- telling ---- */

/* The two versions of the draft say it in two forms; what has no value any more is named without
 * one. */
static void begin_line(struct core *core, cap_set form, struct str target, struct str key,
                       const char *value)
{
    struct buf *line = cast_from_server(core);
    if (form == CAP_METADATA_2) {
        buf_printf(line, "METADATA " STR_FMT " " STR_FMT " *", STR_ARG(target), STR_ARG(key));
    } else if (value != NULL) {
        buf_printf(line, "%d * " STR_FMT " " STR_FMT " *", RPL_KEYVALUE, STR_ARG(target),
                   STR_ARG(key));
    } else {
        buf_printf(line, "%d * " STR_FMT " " STR_FMT " :key not set", RPL_KEYNOTSET,
                   STR_ARG(target), STR_ARG(key));
    }
    if (value != NULL) {
        buf_printf(line, " :%s", value);
    }
}

/* Who knows both drafts gets the newer form. */
static struct audience audience_of(const struct core *core, cap_set form, struct str key)
{
    return (struct audience){
        .caps_with = form,
        .caps_without = form == CAP_METADATA_2 ? CAP_METADATA_3 : 0,
        .traits = trait_of(key),
        .session = core->who != NULL ? core->who->id : 0,
    };
}

static const cap_set forms[] = {CAP_METADATA_2, CAP_METADATA_3};

enum { FORMS = sizeof(forms) / sizeof(*forms) };

static struct message *plain_line(struct core *core)
{
    return cast_message_like(core, &(struct message){.time_ms = core->now_ms});
}

/* The user's other sessions, where no room reaches them. Takes the reference. */
static void tell_self(struct core *core, const struct user *user, cap_set form, struct str key,
                      struct message *message)
{
    for (const struct session *s = user->sessions; s != NULL; s = s->next) {
        if (s != core->who && metadata_form(s) == form &&
            metadata_get(metadata_subscriptions(core, s), key) != NULL) {
            refcount_up(&message->holders);
            cast(core, message, &(struct audience){.kind = AUDIENCE_SESSION, .session = s->id});
        }
    }
    message_unref(message);
}

void metadata_user_changed(struct core *core, const struct user *user, struct str key)
{
    const char *value = metadata_get(metadata_of(user), key);
    for (unsigned i = 0; i < FORMS; i++) {
        begin_line(core, forms[i], user_nick(user), key, value);
        monitor_tell(core, user, forms[i], key, plain_line(core));
        begin_line(core, forms[i], user_nick(user), key, value);
        if (user->n_rooms > 0) {
            const struct audience like = audience_of(core, forms[i], key);
            cast_near(core, user, &like);
        } else {
            tell_self(core, user, forms[i], key, plain_line(core));
        }
    }
}

static void tell_room(struct core *core, const struct room *room, struct str target, struct str key,
                      const char *value)
{
    for (unsigned i = 0; i < FORMS; i++) {
        begin_line(core, forms[i], target, key, value);
        struct audience audience = audience_of(core, forms[i], key);
        audience.kind = AUDIENCE_ROOM;
        audience.room = room->id;
        cast(core, plain_line(core), &audience);
    }
}

void metadata_room_changed(struct core *core, const struct room *room, struct str key)
{
    tell_room(core, room, room_name(room), key, metadata_get(&room->metadata, key));
}

void metadata_came(struct core *core, const struct room *room, const struct user *user)
{
    const struct metadata *metadata = metadata_of(user);
    for (unsigned i = 0; i < metadata->n; i++) {
        const struct metadata_entry *entry = &metadata->entries[i];
        tell_room(core, room, user_nick(user), metadata_key(entry), entry->value);
    }
}
