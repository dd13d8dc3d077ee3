/*
 * What the client remembers from one start to the next, in settings.ini of the person's
 * configuration folder. Main thread; no GTK.
 */
#ifndef MARU_CLIENT_SETTINGS_H
#define MARU_CLIENT_SETTINGS_H

#include <stdbool.h>

struct client_settings {
    char *address; /* as it was typed; "" where none was */
    char *nick;
    char *room; /* NULL: the server's lobby */
    int width;  /* of the window, in pixels; 0 is not known */
    int height;
    bool maximized;
    bool members_shown;
};

/* Never fails: what cannot be read has its default. */
struct client_settings *client_settings_load(void);
void client_settings_destroy(struct client_settings *settings);

/* Nothing worse comes of a failure than that it is forgotten, so there is no result. */
void client_settings_save(const struct client_settings *settings);

/* Where the file of this name lies; freed with g_free. */
char *client_settings_path(const char *name);

void client_settings_set(char **field, const char *value);

#endif
