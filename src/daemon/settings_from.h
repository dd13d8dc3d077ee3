/* From the configuration to what sessions, edges and the core need of it. Main thread. */
#ifndef MARU_SETTINGS_FROM_H
#define MARU_SETTINGS_FROM_H

#include "admission.h"
#include "config.h"
#include "settings.h"

/* A new snapshot with one holder. */
struct settings *settings_from_config(const struct config *config);
struct admission_limits admission_limits_from(const struct config *config);

#endif
