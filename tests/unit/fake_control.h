/* A server that is only a control socket, with canned data: for the tests of control and maructl.
 */
#ifndef MARU_FAKE_CONTROL_H
#define MARU_FAKE_CONTROL_H

#include "control.h"

enum { FAKE_CLIENTS = 250, FAKE_ROOMS = 3 };

struct fake_control {
    uint32_t max_clients;
    unsigned reloads;
    bool reload_fails;
    bool stopped;
    char announced[CONTROL_TEXT_MAX + 1];
    char ordered[CONTROL_TEXT_MAX + 32]; /* of an account: what, which and why */
    char kicked[CONTROL_TEXT_MAX + 1];
    char reason[CONTROL_TEXT_MAX + 1];
    uint64_t job;                      /* the last that began */
    unsigned forgotten;                /* jobs */
    char asked[CONTROL_TEXT_MAX + 16]; /* of the job: its kind, and the room or who */
};

/* `user` is a struct fake_control. */
extern const struct control_ops fake_control_ops;

#endif
