/*
 * METADATA (IRCv3 draft/metadata-2 and draft/metadata-3): keys with values on users and rooms. They
 * last as long as the user or the room does. Pure; under the core's mutex.
 *
 * The drafts differ in how news are worded (metadata_cast.c), in what CLEAR answers, and in the
 * name of one failure.
 */
#include "reply.h"

/* Whose metadata a command is about. */
struct target {
    struct str name; /* as others see it */
    struct user *user;
    struct room *room; /* or NULL */
};

static void fail(struct core *core, const char *code, struct str one, struct str other,
                 const char *text)
{
    struct buf context = {0};
    buf_add_str(&context, one);
    if (other.len > 0) {
        buf_add_char(&context, ' ');
        buf_add_str(&context, other);
    }
    buf_add_char(&context, '\0');
    reply_standard(core, "FAIL", "METADATA", code, context.p, text);
    buf_finish(&context);
}

static bool speaks_third(const struct core *core)
{
    return (core->who->caps & CAP_METADATA_3) != 0;
}

/* A room whose door is closed shows nothing to those outside. */
static bool may_read(const struct room *room, const struct user *user)
{
    return user_membership(user, room) != NULL || user_is_operator(user) ||
           ((room->modes & RMODE_INVITE_ONLY) == 0 && room->key == NULL &&
            room_ban_of(room, user, MASK_TO_ENTER) == NULL);
}

static bool may_write(const struct core *core, const struct target *target)
{
    const struct user *user = core->who->user;
    return target->room != NULL ? room_is_run_by(target->room, user)
                                : target->user == user || user_is_operator(user);
}

static const struct metadata *metadata_in(const struct target *target)
{
    return target->room != NULL ? &target->room->metadata : metadata_of(target->user);
}

static struct metadata *metadata_to_change(const struct target *target)
{
    return target->room != NULL ? &target->room->metadata : &user_extra(target->user)->metadata;
}

static void changed(struct core *core, const struct target *target, struct str key)
{
    if (target->room != NULL) {
        metadata_room_changed(core, target->room, key);
    } else {
        metadata_user_changed(core, target->user, key);
    }
}

static bool find_target(struct core *core, struct str raw, struct str folded,
                        struct target *ret_target)
{
    struct user *who = core->who->user;
    *ret_target = (struct target){.user = who, .name = user_nick(who)};
    if (str_eq(raw, STR("*"))) {
        return true;
    }
    struct room *room = room_find(core, folded);
    if (room != NULL && room_visible_to(room, who)) {
        *ret_target = (struct target){.room = room, .name = room_name(room)};
        return true;
    }
    struct user *user = room == NULL ? user_find(core, folded) : NULL;
    if (user != NULL) {
        *ret_target = (struct target){.user = user, .name = user_nick(user)};
        return true;
    }
    fail(core, "INVALID_TARGET", reply_word(raw), (struct str){0}, "Invalid metadata target");
    return false;
}

static bool check_key(struct core *core, struct str key)
{
    if (!metadata_key_valid(key)) {
        fail(core, "KEY_INVALID", reply_word(key), (struct str){0}, "Invalid key");
        return false;
    }
    return true;
}

static bool check_permission(struct core *core, const struct target *target, struct str key,
                             bool permitted)
{
    if (!permitted) {
        fail(core, "KEY_NO_PERMISSION", target->name, key, "Permission denied");
    }
    return permitted;
}

static void add_value(struct core *core, enum numeric numeric, struct str target, struct str key,
                      const char *value)
{
    reply_numeric(core, numeric, STR_FMT " " STR_FMT " * :%s", STR_ARG(target), STR_ARG(key),
                  value);
}

static void add_unset(struct core *core, struct str target, struct str key)
{
    reply_numeric(core, RPL_KEYNOTSET, STR_FMT " " STR_FMT " :key not set", STR_ARG(target),
                  STR_ARG(key));
}

static void get(struct core *core, const struct target *target, const struct line *line)
{
    struct reply_batch batch = reply_batch_begin(core, "metadata", target->name);
    for (unsigned i = 2; i < line->n_params; i++) {
        struct str key = line->params[i];
        if (!check_key(core, key)) {
            continue;
        }
        const char *value = metadata_get(metadata_in(target), key);
        if (value != NULL) {
            add_value(core, RPL_KEYVALUE, target->name, key, value);
        } else {
            add_unset(core, target->name, key);
        }
    }
    reply_batch_end(core, &batch);
}

static void add_all(struct core *core, enum numeric numeric, struct str target,
                    const struct metadata *metadata)
{
    for (unsigned i = 0; i < metadata->n; i++) {
        const struct metadata_entry *entry = &metadata->entries[i];
        add_value(core, numeric, target, metadata_key(entry), entry->value);
    }
}

static void list(struct core *core, const struct target *target)
{
    struct reply_batch batch = reply_batch_begin(core, "metadata", target->name);
    add_all(core, RPL_KEYVALUE, target->name, metadata_in(target));
    reply_batch_end(core, &batch);
}

static void set(struct core *core, const struct target *target, const struct line *line)
{
    struct str key = line->params[2];
    if (!check_key(core, key) || !check_permission(core, target, key, may_write(core, target))) {
        return;
    }
    if (line->n_params < 4) {
        if (!metadata_unset(metadata_to_change(target), key)) {
            fail(core, "KEY_NOT_SET", target->name, key, "Key not set");
            return;
        }
        changed(core, target, key);
        add_unset(core, target->name, key);
        return;
    }
    struct str value = line->params[3];
    if (value.len > METADATA_VALUE_MAX) {
        fail(core, speaks_third(core) ? "INVALID_VALUE" : "VALUE_INVALID",
             speaks_third(core) ? key : (struct str){0}, (struct str){0}, "Value is too long");
        return;
    }
    if (!metadata_set(metadata_to_change(target), key, value, METADATA_KEYS_MAX)) {
        fail(core, "LIMIT_REACHED", target->name, (struct str){0}, "Metadata limit reached");
        return;
    }
    changed(core, target, key);
    add_value(core, RPL_KEYVALUE, target->name, key, metadata_get(metadata_in(target), key));
}

static void clear(struct core *core, const struct target *target)
{
    if (!check_permission(core, target, STR("*"), may_write(core, target))) {
        return;
    }
    struct metadata old = *metadata_to_change(target);
    *metadata_to_change(target) = (struct metadata){0};
    struct reply_batch batch = reply_batch_begin(core, "metadata", target->name);
    for (unsigned i = 0; i < old.n; i++) {
        if (speaks_third(core)) {
            add_unset(core, target->name, metadata_key(&old.entries[i]));
        } else {
            add_value(core, RPL_KEYVALUE, target->name, metadata_key(&old.entries[i]), "");
        }
    }
    reply_batch_end(core, &batch);
    for (unsigned i = 0; i < old.n; i++) {
        changed(core, target, metadata_key(&old.entries[i]));
    }
    metadata_finish(&old);
}

/* ---- subscriptions ---- */

/* Keys gathered into lines of one numeric. */
static void add_keys(struct core *core, enum numeric numeric, const struct str *keys, unsigned n)
{
    unsigned i = 0;
    while (i < n) {
        reply_begin(core, numeric);
        for (unsigned first = i; i < n; i++) {
            if (i > first &&
                core->reply.len - core->reply_start + 1 + keys[i].len > CORE_LINE_MAX) {
                break;
            }
            if (i > first) {
                buf_add_char(&core->reply, ' ');
            }
            buf_add_str(&core->reply, keys[i]);
        }
        reply_end(core);
    }
}

static void add_sync_later(struct core *core)
{
    const struct user *user = core->who->user;
    for (unsigned i = 0; i < user->n_rooms; i++) {
        reply_numeric(core, RPL_METADATASYNCLATER, "%s", user->rooms[i].room->name.raw);
    }
}

static void subscribe(struct core *core, const struct line *line, bool on)
{
    struct str done[LINE_PARAMS_MAX];
    unsigned n = 0;
    struct str too_many = {0};
    for (unsigned i = 2; i < line->n_params && too_many.len == 0; i++) {
        struct str key = line->params[i];
        if (!check_key(core, key)) {
            continue;
        }
        if (!on) {
            metadata_unsubscribe(core, core->who, key);
        } else if (!metadata_subscribe(core, core->who, key)) {
            too_many = key;
            continue;
        }
        done[n++] = key;
    }
    session_emit_traits(core, core->who);
    add_keys(core, on ? RPL_METADATASUBOK : RPL_METADATAUNSUBOK, done, n);
    if (too_many.len > 0) {
        fail(core, "TOO_MANY_SUBS", too_many, (struct str){0}, "Too many subscriptions");
    }
    if (on && n > 0) {
        add_sync_later(core);
    }
}

static void list_subscriptions(struct core *core)
{
    const struct metadata *subscriptions = metadata_subscriptions(core, core->who);
    struct str keys[METADATA_SUBS_MAX];
    for (unsigned i = 0; i < subscriptions->n; i++) {
        keys[i] = metadata_key(&subscriptions->entries[i]);
    }
    struct reply_batch batch = reply_batch_begin(core, "metadata-subs", STR(""));
    add_keys(core, RPL_METADATASUBS, keys, subscriptions->n);
    reply_batch_end(core, &batch);
}

/* ---- what there is, as far as the session wants to know ---- */

static void add_news(struct core *core, struct str target, const struct metadata *metadata)
{
    const struct metadata *wanted = metadata_subscriptions(core, core->who);
    for (unsigned i = 0; i < metadata->n && wanted->n > 0; i++) {
        const struct metadata_entry *entry = &metadata->entries[i];
        if (metadata_get(wanted, metadata_key(entry)) == NULL) {
            continue;
        }
        if (speaks_third(core)) {
            add_value(core, RPL_KEYVALUE, target, metadata_key(entry), entry->value);
        } else {
            reply_server(core, "METADATA " STR_FMT " %s * :%s", STR_ARG(target), entry->key,
                         entry->value);
        }
    }
}

/* walk->number[0] is the batch, 0 before it is open. Big rooms come piece by piece. */
static bool sync_more(struct core *core, struct walk *walk)
{
    const struct room *room = room_by_id(core, walk->room);
    struct reply_batch batch;
    if (walk->number[0] == 0) {
        struct str name = {walk->text, walk->text_len};
        batch = reply_batch_begin(core, "metadata", name);
        walk->number[0] = batch.id;
        if (room != NULL) {
            add_news(core, room_name(room), &room->metadata);
        }
    } else {
        batch = reply_batch_resume(core, walk->number[0]);
    }
    const struct user *member;
    while (room != NULL && (member = olist_next(&room->members, &walk->cursor)) != NULL) {
        core->piece_work++;
        add_news(core, user_nick(member), metadata_of(member));
        if (core_piece_full(core)) {
            reply_batch_pause(core, &batch);
            return false;
        }
    }
    reply_batch_end(core, &batch);
    return true;
}

static void sync_target(struct core *core, const struct target *target)
{
    if (target->room != NULL) {
        walk_begin(core, sync_more, &(struct walk){.room = target->room->id}, target->name);
        return;
    }
    struct reply_batch batch = reply_batch_begin(core, "metadata", target->name);
    add_news(core, target->name, metadata_of(target->user));
    reply_batch_end(core, &batch);
}

void metadata_welcome(struct core *core)
{
    if ((core->who->caps & CAPS_OF_METADATA) == 0) {
        return;
    }
    const struct user *user = core->who->user;
    struct reply_batch batch = reply_batch_begin(core, "metadata", user_nick(user));
    const struct metadata *metadata = metadata_of(user);
    for (unsigned i = 0; i < metadata->n; i++) {
        const struct metadata_entry *entry = &metadata->entries[i];
        if (speaks_third(core)) {
            add_value(core, RPL_KEYVALUE, user_nick(user), metadata_key(entry), entry->value);
        } else {
            reply_server(core, "METADATA %s %s * :%s", user->name.raw, entry->key, entry->value);
        }
    }
    reply_batch_end(core, &batch);
}

void metadata_show_room(struct core *core, struct room *room)
{
    if (metadata_subscriptions(core, core->who)->n == 0) {
        return;
    }
    if (room->members.len > CORE_METADATA_ROOM) {
        reply_numeric(core, RPL_METADATASYNCLATER, "%s", room->name.raw);
        return;
    }
    add_news(core, room_name(room), &room->metadata);
    const struct user *member;
    OLIST_EACH (&room->members, member) {
        if (member != core->who->user) {
            add_news(core, user_nick(member), metadata_of(member));
        }
    }
}

void metadata_show_user(struct core *core, const struct user *user)
{
    add_news(core, user_nick(user), metadata_of(user));
}

void metadata_whois(struct core *core, const struct user *user)
{
    if ((core->who->caps & CAPS_OF_METADATA) != 0) {
        add_all(core, RPL_WHOISKEYVALUE, user_nick(user), metadata_of(user));
    }
}

/* ---- the command ---- */

enum { NEEDS_KEY = 1, WRITES = 2, SELF = 4 };

static const struct subcommand {
    const char *name;
    enum { GET, LIST, SET, CLEAR, SUB, UNSUB, SUBS, SYNC } id;
    unsigned flags;
} subcommands[] = {
    {"GET", GET, NEEDS_KEY},
    {"LIST", LIST, 0},
    {"SET", SET, NEEDS_KEY | WRITES},
    {"CLEAR", CLEAR, WRITES},
    {"SUB", SUB, NEEDS_KEY | SELF},
    {"UNSUB", UNSUB, NEEDS_KEY | SELF},
    {"SUBS", SUBS, SELF},
    {"SYNC", SYNC, 0},
};

static const struct subcommand *find_subcommand(struct str name)
{
    for (size_t i = 0; i < sizeof(subcommands) / sizeof(*subcommands); i++) {
        if (str_eq_nocase(name, str_from(subcommands[i].name))) {
            return &subcommands[i];
        }
    }
    return NULL;
}

static void apply(struct core *core, const struct subcommand *what, const struct target *target,
                  const struct line *line)
{
    switch (what->id) {
    case GET:
        get(core, target, line);
        break;
    case LIST:
        list(core, target);
        break;
    case SET:
        set(core, target, line);
        break;
    case CLEAR:
        clear(core, target);
        break;
    case SUB:
    case UNSUB:
        subscribe(core, line, what->id == SUB);
        break;
    case SUBS:
        list_subscriptions(core);
        break;
    case SYNC:
        sync_target(core, target);
        break;
    }
}

void cmd_METADATA(struct core *core, const struct input_line *in)
{
    const struct line *line = &in->line;
    if ((core->who->caps & CAPS_OF_METADATA) == 0 || (core->who->caps & CAP_BATCH) == 0) {
        reply_numeric(core, ERR_UNKNOWNCOMMAND, "METADATA :Unknown command");
        return;
    }
    const struct subcommand *what = find_subcommand(line->params[1]);
    if (what == NULL) {
        fail(core, "SUBCOMMAND_INVALID", reply_word(line->params[1]), (struct str){0},
             "Invalid subcommand");
        return;
    }
    if ((what->flags & NEEDS_KEY) != 0 && line->n_params < 3) {
        reply_need_params(core, in->verb);
        return;
    }
    struct target target;
    if (!find_target(core, line->params[0], in->folded[0], &target)) {
        return;
    }
    if ((what->flags & SELF) != 0 && target.user != core->who->user) {
        fail(core, "INVALID_TARGET", target.name, (struct str){0}, "Only for yourself");
        return;
    }
    if ((what->flags & (WRITES | SELF)) == 0 && target.room != NULL &&
        !check_permission(core, &target, STR("*"), may_read(target.room, core->who->user))) {
        return;
    }
    apply(core, what, &target, line);
}
