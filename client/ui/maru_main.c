/* Where the desktop client begins. Main thread. */
#include "irc_link.h"
#include "maru_application.h"

#include <glib/gi18n.h>
#include <locale.h>

/* A program run from its build folder finds its translations beside itself. */
static char *locale_folder(void)
{
    g_autofree char *program = g_file_read_link("/proc/self/exe", NULL);
    if (program != NULL) {
        g_autofree char *folder = g_path_get_dirname(program);
        g_autofree char *beside = g_build_filename(folder, "po", NULL);
        if (g_file_test(beside, G_FILE_TEST_IS_DIR)) {
            return g_steal_pointer(&beside);
        }
    }
    return g_strdup(MARU_LOCALEDIR);
}

int main(int argc, char **argv)
{
    setlocale(LC_ALL, "");
    g_autofree char *folder = locale_folder();
    bindtextdomain(GETTEXT_PACKAGE, folder);
    bind_textdomain_codeset(GETTEXT_PACKAGE, "UTF-8");
    textdomain(GETTEXT_PACKAGE);
    g_autoptr(MaruApplication) application = maru_application_new();
    int result = g_application_run(G_APPLICATION(application), argc, argv);
    g_clear_object(&application);
    irc_link_drain();
    return result;
}
