/* Who is in a room, as a GListModel with batched signals. Main thread; no GTK. */
#include "member_list.h"

#include "client_limits.h"

#include <string.h>

struct _MaruMember {
    GObject parent_instance;
    char *nick;
    char *sort_key;
    unsigned ranks;
    bool away;
};

G_DEFINE_FINAL_TYPE(MaruMember, maru_member, G_TYPE_OBJECT)

enum { PROP_0, PROP_AWAY, N_PROPS };
static GParamSpec *member_props[N_PROPS];

static void maru_member_get_property(GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
    if (id == PROP_AWAY) {
        g_value_set_boolean(value, MARU_MEMBER(object)->away);
    } else {
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, pspec);
    }
}

static void maru_member_finalize(GObject *object)
{
    MaruMember *self = MARU_MEMBER(object);
    g_free(self->nick);
    g_free(self->sort_key);
    G_OBJECT_CLASS(maru_member_parent_class)->finalize(object);
}

static void maru_member_class_init(MaruMemberClass *class)
{
    G_OBJECT_CLASS(class)->get_property = maru_member_get_property;
    G_OBJECT_CLASS(class)->finalize = maru_member_finalize;
    member_props[PROP_AWAY] =
        g_param_spec_boolean("away", NULL, NULL, FALSE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
    g_object_class_install_properties(G_OBJECT_CLASS(class), N_PROPS, member_props);
}

static void maru_member_init(MaruMember *self)
{
}

/* An object is not changed once others have seen it, away apart: a new name or rank is a new
 * object, which the flush then finds to be different. */
static MaruMember *member_new(const char *nick, unsigned ranks, bool away)
{
    MaruMember *self = g_object_new(MARU_TYPE_MEMBER, NULL);
    self->nick = g_strdup(nick);
    g_autofree char *folded = g_utf8_casefold(nick, -1);
    self->sort_key = g_utf8_collate_key(folded, -1);
    self->ranks = ranks;
    self->away = away;
    return self;
}

const char *maru_member_nick(MaruMember *member)
{
    return member->nick;
}

unsigned maru_member_ranks(MaruMember *member)
{
    return member->ranks;
}

bool maru_member_is_away(MaruMember *member)
{
    return member->away;
}

struct _MaruMemberList {
    GObject parent_instance;
    GHashTable *by_name;  /* folded name (owned) to MaruMember (owned): the truth */
    GPtrArray *published; /* MaruMember (owned): what listeners know */
    bool dirty;
};

static void list_model_init(GListModelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE(MaruMemberList, maru_member_list, G_TYPE_OBJECT,
                              G_IMPLEMENT_INTERFACE(G_TYPE_LIST_MODEL, list_model_init))

static guint signal_dirty;

static GType get_item_type(GListModel *model)
{
    return MARU_TYPE_MEMBER;
}

static guint get_n_items(GListModel *model)
{
    return MARU_MEMBER_LIST(model)->published->len;
}

static gpointer get_item(GListModel *model, guint i)
{
    GPtrArray *published = MARU_MEMBER_LIST(model)->published;
    return i < published->len ? g_object_ref(g_ptr_array_index(published, i)) : NULL;
}

static void list_model_init(GListModelInterface *iface)
{
    iface->get_item_type = get_item_type;
    iface->get_n_items = get_n_items;
    iface->get_item = get_item;
}

static void maru_member_list_finalize(GObject *object)
{
    MaruMemberList *self = MARU_MEMBER_LIST(object);
    g_hash_table_unref(self->by_name);
    g_ptr_array_unref(self->published);
    G_OBJECT_CLASS(maru_member_list_parent_class)->finalize(object);
}

static void maru_member_list_class_init(MaruMemberListClass *class)
{
    G_OBJECT_CLASS(class)->finalize = maru_member_list_finalize;
    signal_dirty = g_signal_new("dirty", G_TYPE_FROM_CLASS(class), G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                NULL, G_TYPE_NONE, 0);
}

static void maru_member_list_init(MaruMemberList *self)
{
    self->by_name = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_object_unref);
    self->published = g_ptr_array_new_with_free_func(g_object_unref);
}

MaruMemberList *maru_member_list_new(void)
{
    return g_object_new(MARU_TYPE_MEMBER_LIST, NULL);
}

static void mark_dirty(MaruMemberList *self)
{
    if (!self->dirty) {
        self->dirty = true;
        g_signal_emit(self, signal_dirty, 0);
    }
}

void maru_member_list_put(MaruMemberList *self, const char *folded, const char *nick,
                          unsigned ranks)
{
    MaruMember *old = g_hash_table_lookup(self->by_name, folded);
    if (old != NULL && old->ranks == ranks && strcmp(old->nick, nick) == 0) {
        return;
    }
    if (old == NULL && g_hash_table_size(self->by_name) >= CLIENT_MEMBERS_MAX) {
        return;
    }
    MaruMember *member = member_new(nick, ranks, old != NULL && old->away);
    g_hash_table_replace(self->by_name, g_strdup(folded), member);
    mark_dirty(self);
}

bool maru_member_list_has(MaruMemberList *self, const char *folded)
{
    return g_hash_table_contains(self->by_name, folded);
}

bool maru_member_list_remove(MaruMemberList *self, const char *folded)
{
    if (!g_hash_table_remove(self->by_name, folded)) {
        return false;
    }
    mark_dirty(self);
    return true;
}

bool maru_member_list_rename(MaruMemberList *self, const char *old_folded, const char *new_folded,
                             const char *nick)
{
    MaruMember *old = g_hash_table_lookup(self->by_name, old_folded);
    if (old == NULL) {
        return false;
    }
    MaruMember *member = member_new(nick, old->ranks, old->away);
    g_hash_table_remove(self->by_name, old_folded);
    g_hash_table_replace(self->by_name, g_strdup(new_folded), member);
    mark_dirty(self);
    return true;
}

bool maru_member_list_set_away(MaruMemberList *self, const char *folded, bool away)
{
    MaruMember *member = g_hash_table_lookup(self->by_name, folded);
    if (member == NULL) {
        return false;
    }
    if (member->away != away) {
        member->away = away;
        g_object_notify_by_pspec(G_OBJECT(member), member_props[PROP_AWAY]);
    }
    return true;
}

bool maru_member_list_set_rank(MaruMemberList *self, const char *folded, enum member_rank rank,
                               bool set)
{
    MaruMember *old = g_hash_table_lookup(self->by_name, folded);
    if (old == NULL) {
        return false;
    }
    unsigned ranks = set ? old->ranks | (1u << rank) : old->ranks & ~(1u << rank);
    g_autofree char *nick = g_strdup(old->nick);
    maru_member_list_put(self, folded, nick, ranks);
    return true;
}

void maru_member_list_clear(MaruMemberList *self)
{
    if (g_hash_table_size(self->by_name) > 0) {
        g_hash_table_remove_all(self->by_name);
        mark_dirty(self);
    }
}

unsigned maru_member_list_count(MaruMemberList *self)
{
    return g_hash_table_size(self->by_name);
}

static unsigned highest_rank(unsigned ranks)
{
    return ranks != 0 ? (unsigned)__builtin_ctz(ranks) : 32;
}

static int compare(gconstpointer a, gconstpointer b)
{
    const MaruMember *x = *(MaruMember *const *)a;
    const MaruMember *y = *(MaruMember *const *)b;
    unsigned rank_x = highest_rank(x->ranks);
    unsigned rank_y = highest_rank(y->ranks);
    if (rank_x != rank_y) {
        return rank_x < rank_y ? -1 : 1;
    }
    int order = strcmp(x->sort_key, y->sort_key);
    return order != 0 ? order : strcmp(x->nick, y->nick);
}

void maru_member_list_flush(MaruMemberList *self)
{
    if (!self->dirty) {
        return;
    }
    self->dirty = false;
    guint n = g_hash_table_size(self->by_name);
    GPtrArray *now = g_ptr_array_new_full(n, g_object_unref);
    GHashTableIter iter;
    gpointer member;
    g_hash_table_iter_init(&iter, self->by_name);
    while (g_hash_table_iter_next(&iter, NULL, &member)) {
        g_ptr_array_add(now, g_object_ref(member));
    }
    g_ptr_array_sort(now, compare);

    /* Only what lies between the equal beginning and the equal end is reported. */
    GPtrArray *old = self->published;
    guint begin = 0;
    while (begin < old->len && begin < n &&
           g_ptr_array_index(old, begin) == g_ptr_array_index(now, begin)) {
        begin++;
    }
    guint end = 0;
    while (end < old->len - begin && end < n - begin &&
           g_ptr_array_index(old, old->len - 1 - end) == g_ptr_array_index(now, n - 1 - end)) {
        end++;
    }
    guint removed = old->len - begin - end;
    guint added = n - begin - end;
    self->published = now;
    g_ptr_array_unref(old);
    if (removed > 0 || added > 0) {
        g_list_model_items_changed(G_LIST_MODEL(self), begin, removed, added);
    }
}

const char *maru_member_list_complete(MaruMemberList *self, const char *prefix,
                                      const char *previous)
{
    maru_member_list_flush(self);
    g_autofree char *wanted = g_utf8_casefold(prefix, -1);
    const char *first = NULL;
    bool passed = previous == NULL;
    for (guint i = 0; i < self->published->len; i++) {
        const char *nick = maru_member_nick(g_ptr_array_index(self->published, i));
        g_autofree char *folded = g_utf8_casefold(nick, -1);
        if (!g_str_has_prefix(folded, wanted)) {
            continue;
        }
        if (passed) {
            return nick;
        }
        if (first == NULL) {
            first = nick;
        }
        passed = strcmp(nick, previous) == 0;
    }
    return first;
}
