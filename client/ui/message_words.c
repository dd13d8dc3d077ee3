/* Messages in words. Main thread; no widgets. */
#include "message_words.h"

#include <glib/gi18n.h>

char *message_words_clock(int64_t time_us)
{
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_local(time_us / G_TIME_SPAN_SECOND);
    return time != NULL ? g_date_time_format(time, "%H:%M") : g_strdup("");
}

char *message_words_day(int64_t time_us)
{
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_local(time_us / G_TIME_SPAN_SECOND);
    if (time == NULL) {
        return g_strdup("");
    }
    if (message_same_day(time_us, g_get_real_time())) {
        return g_strdup(_("Today"));
    }
    /* Translators: a date as strftime writes it, for example "Monday, 3 March 2025". */
    return g_date_time_format(time, _("%A, %-d %B %Y"));
}

char *message_words_heading(const struct message *record)
{
    if (record->kind == MESSAGE_ANNOUNCEMENT) {
        return record->sender[0] != '\0'
                   ? g_strdup_printf(_("Announcement from %s"), record->sender)
                   : g_strdup(_("Announcement"));
    }
    if (record->kind == MESSAGE_DIRECT) {
        if (record->own) {
            return g_strdup_printf(_("Private message to %s"), record->target);
        }
        return record->target[0] != '\0'
                   ? g_strdup_printf(_("%s in %s"), record->sender, record->target)
                   : g_strdup_printf(_("Private message from %s"), record->sender);
    }
    return g_strdup(record->sender);
}

char *message_words_foot(const struct message *record)
{
    switch (record->state) {
    case MESSAGE_FAILED:
        return g_strdup_printf(_("Not delivered: %s"), record->note);
    case MESSAGE_UNSURE:
        return g_strdup(_("The connection was lost: this may not have arrived"));
    default:
        return NULL;
    }
}

const char *message_words_not_stored(void)
{
    return _("Delivered to who is here, but not stored");
}

static const char *gap_text(const struct message *record)
{
    switch (record->gap) {
    case GAP_LOADING:
        return _("Loading messages…");
    case GAP_FAILED:
        return _("These messages could not be loaded. Try again");
    case GAP_FULL:
        return _("Older messages can only be found by searching");
    default:
        return record->after[0] != '\0' ? _("Messages are missing here") : _("Older messages");
    }
}

char *message_words_text(const struct message *record)
{
    if (record->kind == MESSAGE_GAP) {
        return g_strdup(gap_text(record));
    }
    if (record->kind == MESSAGE_BEGINNING) {
        return g_strdup_printf(_("This is the beginning of %s"), record->target);
    }
    if (record->removed) {
        return record->note[0] != '\0' ? g_strdup_printf(_("Message removed by %s"), record->note)
                                       : g_strdup(_("Message removed"));
    }
    return g_strdup(record->text);
}

char *message_words_describe(const struct message *record)
{
    g_autofree char *time = message_words_clock(record->time_us);
    g_autofree char *heading = message_words_heading(record);
    g_autofree char *foot = message_words_foot(record);
    g_autofree char *words = message_words_text(record);
    const char *state = record->state == MESSAGE_PENDING      ? _("being sent")
                        : record->state == MESSAGE_NOT_STORED ? message_words_not_stored()
                                                              : NULL;
    const char *after = foot != NULL ? foot : state;
    GString *text = g_string_new(NULL);
    if (heading[0] != '\0') {
        g_string_append_printf(text, "%s, %s: ", heading, time);
    }
    g_string_append(text, words);
    if (after != NULL) {
        g_string_append_printf(text, " (%s)", after);
    }
    return g_string_free(text, FALSE);
}
