/* Finds the default data folder. Main thread. */
#include "data_dir.h"

#include "buf.h"

#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

char *data_dir_default(void)
{
    const char *state = getenv("STATE_DIRECTORY");
    if (state != NULL && *state == '/') {
        struct str rest = str_from(state);
        return str_dup(str_split(&rest, ':'));
    }
    struct buf path = {0};
    const char *data = getenv("XDG_DATA_HOME");
    if (data != NULL && *data == '/') {
        buf_printf(&path, "%s/marud", data);
    } else {
        const char *home = getenv("HOME");
        if (home == NULL || *home != '/') {
            const struct passwd *user = getpwuid(getuid());
            home = user != NULL ? user->pw_dir : NULL;
        }
        if (home != NULL) {
            buf_printf(&path, "%s/.local/share/marud", home);
        } else {
            buf_add_cstr(&path, DATA_DIR_SERVICE);
        }
    }
    char *copy = str_dup(buf_str(&path));
    buf_finish(&path);
    return copy;
}
