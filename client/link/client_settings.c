/* What the client remembers. Main thread; no GTK. */
#include "client_settings.h"

#include <glib.h>

static const char group_join[] = "join";
static const char group_window[] = "window";

char *client_settings_path(const char *name)
{
    return g_build_filename(g_get_user_config_dir(), "maru", name, NULL);
}

void client_settings_set(char **field, const char *value)
{
    char *copy = g_strdup(value);
    g_free(*field);
    *field = copy;
}

static char *text_or(GKeyFile *file, const char *key, const char *otherwise)
{
    char *text = g_key_file_get_string(file, group_join, key, NULL);
    if (text == NULL || text[0] == '\0') {
        g_free(text);
        return g_strdup(otherwise);
    }
    return text;
}

struct client_settings *client_settings_load(void)
{
    struct client_settings *settings = g_new0(struct client_settings, 1);
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autofree char *path = client_settings_path("settings.ini");
    /* A missing file leaves `file` empty, and every key then has its default. */
    (void)g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, NULL);
    settings->address = text_or(file, "address", "127.0.0.1");
    settings->nick = text_or(file, "nick", "");
    settings->room = text_or(file, "room", NULL);
    settings->width = g_key_file_get_integer(file, group_window, "width", NULL);
    settings->height = g_key_file_get_integer(file, group_window, "height", NULL);
    settings->maximized = g_key_file_get_boolean(file, group_window, "maximized", NULL);
    settings->members_shown = !g_key_file_get_boolean(file, group_window, "members-hidden", NULL);
    return settings;
}

void client_settings_destroy(struct client_settings *settings)
{
    if (settings != NULL) {
        g_free(settings->address);
        g_free(settings->nick);
        g_free(settings->room);
        g_free(settings);
    }
}

void client_settings_save(const struct client_settings *settings)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_key_file_set_string(file, group_join, "address", settings->address);
    g_key_file_set_string(file, group_join, "nick", settings->nick);
    if (settings->room != NULL) {
        g_key_file_set_string(file, group_join, "room", settings->room);
    }
    g_key_file_set_integer(file, group_window, "width", settings->width);
    g_key_file_set_integer(file, group_window, "height", settings->height);
    g_key_file_set_boolean(file, group_window, "maximized", settings->maximized);
    g_key_file_set_boolean(file, group_window, "members-hidden", !settings->members_shown);
    g_autofree char *path = client_settings_path("settings.ini");
    g_autofree char *folder = g_path_get_dirname(path);
    if (g_mkdir_with_parents(folder, 0700) == 0) {
        (void)g_key_file_save_to_file(file, path, NULL);
    }
}
