/* Where a server keeps its data when nobody says otherwise; shared by the server and its operators'
 * tool, which look in the same place. Main thread: reads the environment. */
#ifndef MARU_DATA_DIR_H
#define MARU_DATA_DIR_H

/* $STATE_DIRECTORY (the first, as systemd sets it), otherwise $XDG_DATA_HOME/marud, otherwise
 * ~/.local/share/marud. The caller frees it. */
char *data_dir_default(void);

/* The folder that packaging/systemd/marud.service uses. */
#define DATA_DIR_SERVICE "/var/lib/marud"

/* Names inside: the control socket, and what was said. */
#define DATA_CONTROL_SOCKET "control.sock"
#define DATA_HISTORY        "history.db"
/* Random bytes, on which depends what strangers are told of names that nobody has registered. */
#define DATA_ACCOUNTS_KEY "accounts.key"

#endif
