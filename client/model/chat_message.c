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

MaruMessage *maru_message_new(const struct message *record, bool continued, bool starts_day)
{
    MaruMessage *self = g_object_new(MARU_TYPE_MESSAGE, NULL);
    self->record = *record;
    self->record.sender = g_strdup(record->sender);
    self->record.target = g_strdup(record->target);
    self->record.text = g_strdup(record->text);
    self->record.id = g_strdup(record->id);
    self->record.label = g_strdup(record->label);
    self->record.note = g_strdup(record->note);
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
