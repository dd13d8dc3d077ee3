/* An answer with older messages. Main thread; no GTK. */
#include "history_page.h"

#include "client_limits.h"

#include <string.h>

struct history_page *history_page_create(void)
{
    struct history_page *page = g_new0(struct history_page, 1);
    page->rows = g_array_new(FALSE, FALSE, sizeof(struct message));
    page->strings = g_string_chunk_new(4096);
    return page;
}

void history_page_destroy(struct history_page *page)
{
    if (page == NULL) {
        return;
    }
    g_array_unref(page->rows);
    g_string_chunk_free(page->strings);
    g_free(page->oldest);
    g_free(page->newest);
    g_free(page);
}

char *history_reference(const char *id, int64_t time_us)
{
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(time_us / G_TIME_SPAN_SECOND);
    g_autofree char *second =
        time != NULL ? g_date_time_format(time, "%Y-%m-%dT%H:%M:%S") : g_strdup("");
    int ms = (int)(time_us % G_TIME_SPAN_SECOND / G_TIME_SPAN_MILLISECOND);
    return g_strdup_printf("%s.%03dZ %s", second, ms, id);
}

void history_page_note(struct history_page *page, const char *id, int64_t time_us)
{
    char *reference = history_reference(id, time_us);
    if (page->oldest == NULL) {
        page->oldest = g_strdup(reference);
    }
    g_free(page->newest);
    page->newest = reference;
    page->n_in++;
}

static const char *keep(struct history_page *page, const char *string)
{
    return string != NULL && string[0] != '\0' ? g_string_chunk_insert(page->strings, string) : "";
}

void history_page_add(struct history_page *page, const struct message *record)
{
    if (page->rows->len >= CLIENT_PAGE_ROWS_MAX) {
        return;
    }
    struct message row = *record;
    row.sender = keep(page, record->sender);
    row.target = keep(page, record->target);
    row.text = keep(page, record->text);
    row.id = keep(page, record->id);
    row.label = "";
    row.note = keep(page, record->note);
    g_array_append_val(page->rows, row);
}

void history_page_redact(struct history_page *page, const char *id, const char *by)
{
    for (unsigned i = page->rows->len; i > 0; i--) {
        struct message *row = &g_array_index(page->rows, struct message, i - 1);
        if (strcmp(row->id, id) == 0) {
            message_redact(row, keep(page, by));
            return;
        }
    }
}
