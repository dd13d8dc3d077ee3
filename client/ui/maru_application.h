/* The program: command line, windows, the actions of the whole program. Main thread. */
#ifndef MARU_APPLICATION_H
#define MARU_APPLICATION_H

#include <adwaita.h>

#define MARU_TYPE_APPLICATION (maru_application_get_type())
G_DECLARE_FINAL_TYPE(MaruApplication, maru_application, MARU, APPLICATION, AdwApplication)

MaruApplication *maru_application_new(void);

#endif
