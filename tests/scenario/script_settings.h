/* Settings by name, as scenarios write them. Tests only. */
#ifndef MARU_SCRIPT_SETTINGS_H
#define MARU_SCRIPT_SETTINGS_H

#include "settings.h"

/* The defaults, with the operators "root" and "admin". */
struct settings *script_settings_create(void);

/* "clients_max" "2"; false where there is no such setting or the value is none. */
bool script_settings_set(struct settings *settings, struct str key, struct str value);

#endif
