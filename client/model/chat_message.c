/* One message as an object for the list view. Main thread; no GTK. */
#include "chat_message.h"

#include <string.h>
#include <time.h>

/* A pause longer than this starts a new group, with a name and time of its own. */
#define CONTINUED_WITHIN_US (5 * G_TIME_SPAN_MINUTE)

struct _MaruMessage {
    GObject parent_instance;
    struct message record;
    bool continued;
    bool starts_day;
};

G_DEFINE_FINAL_TYPE(MaruMessage, maru_message, G_TYPE_OBJECT)

static void maru_message_finalize(GObject *object)
{
    MaruMessage *self = MARU_MESSAGE(object);
    g_free((char *)self->record.sender);
    g_free((char *)self->record.target);
    g_free((char *)self->record.text);
    g_free((char *)self->record.id);
    g_free((char *)self->record.label);
    g_free((char *)self->record.note);
    G_OBJECT_CLASS(maru_message_parent_class)->finalize(object);
}

static void maru_message_class_init(MaruMessageClass *class)
{
    G_OBJECT_CLASS(class)->finalize = maru_message_finalize;
}

static void maru_message_init(MaruMessage *self)
{
}

static char *copy_of(const char *string)
{
    return g_strdup(string != NULL ? string : "");
}

MaruMessage *maru_message_new(const struct message *record, bool continued, bool starts_day)
{
    MaruMessage *self = g_object_new(MARU_TYPE_MESSAGE, NULL);
    self->record = *record;
    self->record.sender = copy_of(record->sender);
    self->record.target = copy_of(record->target);
    self->record.text = copy_of(record->text);
    self->record.id = copy_of(record->id);
    self->record.label = copy_of(record->label);
    self->record.note = copy_of(record->note);
    self->continued = continued;
    self->starts_day = starts_day;
    return self;
}

const struct message *maru_message_record(MaruMessage *message)
{
    return &message->record;
}

bool maru_message_is_continued(MaruMessage *message)
{
    return message->continued;
}

bool maru_message_starts_day(MaruMessage *message)
{
    return message->starts_day;
}

bool maru_message_looks_same(MaruMessage *a, MaruMessage *b)
{
    const struct message *x = &a->record;
    const struct message *y = &b->record;
    return x->kind == y->kind && x->state == y->state && x->gap == y->gap &&
           x->time_us == y->time_us && x->own == y->own && x->mentions_me == y->mentions_me &&
           x->removed == y->removed && a->continued == b->continued &&
           a->starts_day == b->starts_day && strcmp(x->sender, y->sender) == 0 &&
           strcmp(x->target, y->target) == 0 && strcmp(x->text, y->text) == 0 &&
           strcmp(x->id, y->id) == 0 && strcmp(x->note, y->note) == 0;
}

bool message_is_said(const struct message *record)
{
    return record->kind == MESSAGE_TEXT || record->kind == MESSAGE_ACTION ||
           record->kind == MESSAGE_NOTICE;
}

void message_redact(struct message *record, const char *by)
{
    record->text = "";
    record->removed = true;
    record->mentions_me = false;
    record->note = strcmp(by, record->sender) != 0 ? by : "";
}

static bool is_speech(enum message_kind kind)
{
    return kind == MESSAGE_TEXT || kind == MESSAGE_NOTICE;
}

bool message_same_day(int64_t a_us, int64_t b_us)
{
    time_t a = (time_t)(a_us / G_TIME_SPAN_SECOND);
    time_t b = (time_t)(b_us / G_TIME_SPAN_SECOND);
    struct tm tm_a;
    struct tm tm_b;
    if (localtime_r(&a, &tm_a) == NULL || localtime_r(&b, &tm_b) == NULL) {
        return true;
    }
    return tm_a.tm_year == tm_b.tm_year && tm_a.tm_yday == tm_b.tm_yday;
}

bool message_continues(const struct message *previous, const struct message *next)
{
    if (!is_speech(previous->kind) || previous->kind != next->kind) {
        return false;
    }
    if (strcmp(previous->sender, next->sender) != 0 || previous->own != next->own) {
        return false;
    }
    return next->time_us - previous->time_us < CONTINUED_WITHIN_US &&
           message_same_day(previous->time_us, next->time_us);
}
