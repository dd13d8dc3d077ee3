/* The control socket, spoken to byte by byte: requests, refusals, bounds, the end. */
#include "unit.h"

#include "fake_control.h"
#include "unix_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

struct place {
    char folder[64];
    char path[300];
    uv_loop_t loop;
    struct fake_control fake;
    struct control *control;
    struct buf got; /* of the tool under test, not yet consumed */
    int fd;
};

static int set_up(void **state)
{
    struct place *place = calloc(1, sizeof(*place));
    snprintf(place->folder, sizeof(place->folder), "/tmp/maru-test-control-XXXXXX");
    assert_non_null(mkdtemp(place->folder));
    snprintf(place->path, sizeof(place->path), "%s/control.sock", place->folder);
    assert_int_equal(uv_loop_init(&place->loop), 0);
    place->fake.max_clients = 1000;
    struct buf error = {0};
    assert_int_equal(control_create(&place->loop, place->path, &fake_control_ops, &place->fake,
                                    &place->control, &error),
                     STATUS_OK);
    assert_int_equal(unix_socket_connect(place->path, &place->fd), STATUS_OK);
    assert_int_equal(fcntl(place->fd, F_SETFL, O_NONBLOCK), 0);
    *state = place;
    return 0;
}

static int tear_down(void **state)
{
    struct place *place = *state;
    control_destroy(place->control);
    uv_run(&place->loop, UV_RUN_DEFAULT);
    int status = uv_loop_close(&place->loop);
    assert_int_equal(access(place->path, F_OK), -1);
    assert_int_equal(rmdir(place->folder), 0);
    close(place->fd);
    buf_finish(&place->got);
    free(place);
    return status;
}

/* Moves bytes once; false at the end of the stream. */
static bool pump(struct place *place)
{
    uv_run(&place->loop, UV_RUN_NOWAIT);
    char *to = buf_reserve(&place->got, 65536);
    ssize_t n = recv(place->fd, to, 65536, 0);
    place->got.len += n > 0 ? (size_t)n : 0;
    return n > 0 || (n < 0 && errno == EAGAIN);
}

static void tell(struct place *place, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = send(place->fd, bytes, len, MSG_NOSIGNAL);
        if (n > 0) {
            bytes += n;
            len -= (size_t)n;
        } else {
            assert_int_equal(errno, EAGAIN);
            uv_run(&place->loop, UV_RUN_NOWAIT);
        }
    }
}

static json_t *next_answer(struct place *place)
{
    const char *end = NULL;
    while ((end = memchr(place->got.p, '\n', place->got.len)) == NULL) {
        assert_true(pump(place));
    }
    size_t len = (size_t)(end - place->got.p);
    json_error_t why;
    json_t *answer = json_loadb(place->got.p, len, 0, &why);
    assert_non_null(answer);
    buf_consume(&place->got, len + 1);
    return answer;
}

static json_t *ask(struct place *place, const char *request)
{
    tell(place, request, strlen(request));
    tell(place, "\n", 1);
    if (place->got.p == NULL) {
        pump(place);
    }
    return next_answer(place);
}

static void assert_refused(struct place *place, const char *request, const char *error)
{
    json_t *answer = ask(place, request);
    assert_true(json_is_false(json_object_get(answer, "ok")));
    assert_string_equal(json_string_value(json_object_get(answer, "error")), error);
    assert_non_null(json_string_value(json_object_get(answer, "message")));
    json_decref(answer);
}

static void assert_done(struct place *place, const char *request)
{
    json_t *answer = ask(place, request);
    assert_true(json_is_true(json_object_get(answer, "ok")));
    json_decref(answer);
}

static void only_the_owner_may_connect(void **state)
{
    const struct place *place = *state;
    struct stat st;
    assert_int_equal(stat(place->path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
}

static void status_says_everything(void **state)
{
    json_t *answer = ask(*state, "{\"op\":\"status\"}");
    assert_string_equal(json_string_value(json_object_get(answer, "network")), "마루");
    assert_int_equal(json_integer_value(json_object_get(answer, "clients")), FAKE_CLIENTS);
    assert_int_equal(json_integer_value(json_object_get(answer, "pid")), getpid());
    const json_t *listeners = json_object_get(answer, "listeners");
    assert_int_equal(json_array_size(listeners), 2);
    assert_string_equal(json_string_value(json_object_get(json_array_get(listeners, 1), "kind")),
                        "classic");
    json_decref(answer);
}

static void lists_come_in_pages(void **state)
{
    struct place *place = *state;
    json_int_t cursor = 0;
    size_t seen = 0;
    size_t pages = 0;
    do {
        char request[64];
        snprintf(request, sizeof(request), "{\"op\":\"clients\",\"cursor\":%lld}",
                 (long long)cursor);
        json_t *answer = ask(place, request);
        const json_t *clients = json_object_get(answer, "clients");
        assert_in_range(json_array_size(clients), 1, CONTROL_PAGE_MAX);
        seen += json_array_size(clients);
        cursor = json_integer_value(json_object_get(answer, "next"));
        pages++;
        json_decref(answer);
    } while (cursor != 0);
    assert_int_equal(seen, FAKE_CLIENTS);
    assert_int_equal(pages, 3);
    json_t *answer = ask(place, "{\"op\":\"rooms\"}");
    const json_t *rooms = json_object_get(answer, "rooms");
    assert_int_equal(json_array_size(rooms), FAKE_ROOMS);
    /* What is not UTF-8 is shown, not dropped. */
    assert_string_equal(json_string_value(json_object_get(json_array_get(rooms, 2), "name")),
                        "#bad\\xff");
    assert_true(json_is_null(json_object_get(answer, "next")));
    json_decref(answer);
}

static void orders_reach_the_server(void **state)
{
    struct place *place = *state;
    assert_done(place, "{\"op\":\"announce\",\"text\":\"점심 시간\"}");
    assert_string_equal(place->fake.announced, "점심 시간");
    assert_done(place, "{\"op\":\"kick\",\"nick\":\"철수1\",\"reason\":\"bye\"}");
    assert_string_equal(place->fake.kicked, "철수1");
    assert_string_equal(place->fake.reason, "bye");
    assert_done(place, "{\"op\":\"kick\",\"nick\":\"철수1\"}");
    assert_string_equal(place->fake.reason, "");
    assert_done(place, "{\"op\":\"set\",\"max_clients\":7}");
    assert_int_equal(place->fake.max_clients, 7);
    json_t *answer = ask(place, "{\"op\":\"reload\"}");
    assert_true(json_is_true(json_object_get(answer, "ok")));
    assert_int_equal(json_array_size(json_object_get(answer, "messages")), 1);
    json_decref(answer);
    place->fake.reload_fails = true;
    answer = ask(place, "{\"op\":\"reload\"}");
    assert_true(json_is_false(json_object_get(answer, "ok")));
    assert_int_equal(json_array_size(json_object_get(answer, "messages")), 1);
    json_decref(answer);
}

static void wrong_requests_are_refused(void **state)
{
    struct place *place = *state;
    assert_refused(place, "", "bad_request");
    assert_refused(place, "[]", "bad_request");
    assert_refused(place, "{\"op\":\"status\"", "bad_request");
    assert_refused(place, "{\"op\":\"status\",\"op\":\"stop\"}", "bad_request");
    assert_refused(place, "{\"op\":\"dance\"}", "unknown_op");
    assert_refused(place, "{\"op\":5}", "unknown_op");
    assert_refused(place, "{}", "unknown_op");
    assert_refused(place, "{\"op\":\"announce\"}", "bad_request");
    assert_refused(place, "{\"op\":\"announce\",\"text\":\"\"}", "bad_request");
    assert_refused(place, "{\"op\":\"announce\",\"text\":\"a\\nQUIT\"}", "bad_request");
    assert_refused(place, "{\"op\":\"announce\",\"text\":\"a\\u009b\"}", "bad_request");
    assert_refused(place, "{\"op\":\"kick\",\"nick\":5}", "bad_request");
    assert_refused(place, "{\"op\":\"kick\",\"nick\":\"a\",\"reason\":5}", "bad_request");
    assert_refused(place, "{\"op\":\"kick\",\"nick\":\"nobody\"}", "not_found");
    assert_refused(place, "{\"op\":\"set\",\"max_clients\":0}", "bad_request");
    assert_refused(place, "{\"op\":\"set\",\"max_clients\":\"7\"}", "bad_request");
    assert_refused(place, "{\"op\":\"set\",\"max_clients\":4294967297}", "bad_request");
    assert_refused(place, "{\"op\":\"clients\",\"cursor\":-1}", "bad_request");
    assert_string_equal(place->fake.announced, "");
    assert_int_equal(place->fake.max_clients, 1000);
}

static void a_line_without_end_is_refused(void **state)
{
    struct place *place = *state;
    static char bytes[CONTROL_REQUEST_BYTES_MAX];
    memset(bytes, 'x', sizeof(bytes));
    tell(place, bytes, sizeof(bytes));
    pump(place);
    json_t *answer = next_answer(place);
    assert_string_equal(json_string_value(json_object_get(answer, "error")), "too_long");
    json_decref(answer);
    while (pump(place)) {
    }
    assert_int_equal(place->got.len, 0);
}

/* Asks a thousand pages before reading one: memory stays bounded, every answer arrives in order. */
static void who_asks_and_does_not_read_waits(void **state)
{
    enum { REQUESTS = 1000 };
    struct place *place = *state;
    static const char request[] = "{\"op\":\"clients\",\"cursor\":100}\n";
    size_t sent = 0;
    size_t stuck = 0;
    size_t answered = 0;
    while (sent < REQUESTS * (sizeof(request) - 1) && stuck < 1000) {
        size_t at = sent % (sizeof(request) - 1);
        ssize_t n = send(place->fd, request + at, sizeof(request) - 1 - at, MSG_NOSIGNAL);
        sent += n > 0 ? (size_t)n : 0;
        stuck = n > 0 ? 0 : stuck + 1;
        uv_run(&place->loop, UV_RUN_NOWAIT);
    }
    while (answered < REQUESTS) {
        size_t at = sent % (sizeof(request) - 1);
        if (sent < REQUESTS * (sizeof(request) - 1)) {
            ssize_t n = send(place->fd, request + at, sizeof(request) - 1 - at, MSG_NOSIGNAL);
            sent += n > 0 ? (size_t)n : 0;
        }
        assert_true(pump(place));
        while (place->got.len > 0 && memchr(place->got.p, '\n', place->got.len) != NULL) {
            json_t *answer = next_answer(place);
            const json_t *first = json_array_get(json_object_get(answer, "clients"), 0);
            assert_string_equal(json_string_value(json_object_get(first, "user")), "u100");
            json_decref(answer);
            answered++;
        }
    }
}

static void an_end_after_a_request_still_gets_its_answer(void **state)
{
    struct place *place = *state;
    tell(place, "{\"op\":\"rooms\"}\n", 15);
    shutdown(place->fd, SHUT_WR);
    pump(place);
    json_decref(next_answer(place));
    while (pump(place)) {
    }
}

static void too_many_tools_are_refused(void **state)
{
    struct place *place = *state;
    int others[CONTROL_CLIENTS_MAX];
    for (int i = 0; i < CONTROL_CLIENTS_MAX; i++) {
        assert_int_equal(unix_socket_connect(place->path, &others[i]), STATUS_OK);
        uv_run(&place->loop, UV_RUN_NOWAIT);
    }
    char text[128];
    ssize_t n = recv(others[CONTROL_CLIENTS_MAX - 1], text, sizeof(text) - 1, 0);
    assert_true(n > 0);
    text[n] = '\0';
    assert_non_null(strstr(text, "\"busy\""));
    for (int i = 0; i < CONTROL_CLIENTS_MAX; i++) {
        close(others[i]);
        uv_run(&place->loop, UV_RUN_NOWAIT);
    }
    assert_done(place, "{\"op\":\"status\"}");
}

static void a_job_is_answered_when_it_ends(void **state)
{
    struct place *place = *state;
    static const char requests[] = "{\"op\":\"erase\",\"who\":\"철수\"}\n{\"op\":\"status\"}\n";
    tell(place, requests, sizeof(requests) - 1);
    while (place->got.len == 0) {
        assert_true(pump(place));
    }
    json_t *answer = next_answer(place);
    const json_t *progress = json_object_get(answer, "progress");
    assert_int_equal(json_integer_value(json_object_get(progress, "done")), 3);
    assert_int_equal(json_integer_value(json_object_get(progress, "total")), 4);
    json_decref(answer);
    assert_string_equal(place->fake.asked, "erase 철수");
    assert_int_equal(place->fake.forgotten, 0);

    struct control_job_result result = {.messages = 7};
    control_job_done(place->control, place->fake.job + 1, &result);
    control_job_done(place->control, place->fake.job, &result);
    do {
        answer = next_answer(place);
        progress = json_object_get(answer, "progress");
        if (progress == NULL) {
            break;
        }
        json_decref(answer);
    } while (true);
    assert_int_equal(json_integer_value(json_object_get(answer, "messages")), 7);
    json_decref(answer);
    /* What was asked meanwhile comes next, and the job is over. */
    answer = next_answer(place);
    assert_int_equal(json_integer_value(json_object_get(answer, "clients")), FAKE_CLIENTS);
    json_decref(answer);
    assert_int_equal(place->fake.forgotten, 1);
    control_job_done(place->control, place->fake.job, &result);
    assert_done(place, "{\"op\":\"status\"}");
}

static void accounts_are_shown_and_ordered_about(void **state)
{
    struct place *place = *state;
    assert_done(place, "{\"op\":\"accounts\"}");
    assert_done(place, "{\"op\":\"account\",\"name\":\"jin\"}");
    assert_refused(place, "{\"op\":\"account\",\"name\":\"nobody\"}", "not_found");
    assert_refused(place, "{\"op\":\"account\"}", "bad_request");
    assert_done(place, "{\"op\":\"suspend\",\"name\":\"jin\",\"reason\":\"a b\"}");
    assert_string_equal(place->fake.ordered, "suspend jin a b");
    assert_done(place, "{\"op\":\"unsuspend\",\"name\":\"jin\"}");
    assert_string_equal(place->fake.ordered, "unsuspend jin ");
    assert_done(place, "{\"op\":\"unregister\",\"name\":\"영희\"}");
    assert_string_equal(place->fake.ordered, "unregister 영희 ");
    assert_refused(place, "{\"op\":\"unregister\",\"name\":\"nobody\"}", "not_found");
}

static void a_job_that_fails_says_why(void **state)
{
    struct place *place = *state;
    assert_refused(place, "{\"op\":\"erase\"}", "bad_request");
    assert_refused(place, "{\"op\":\"erase\",\"who\":\"a\",\"account\":\"a\"}", "bad_request");
    assert_refused(place, "{\"op\":\"export\",\"room\":\"#a\"}", "bad_request");
    assert_refused(place, "{\"op\":\"export\",\"room\":\"#a\",\"format\":\"xml\"}", "bad_request");
    assert_refused(place, "{\"op\":\"export\",\"room\":\"nowhere\",\"format\":\"json\"}",
                   "not_found");
    assert_int_equal(place->fake.job, 0);
    static const char request[] = "{\"op\":\"backup\"}\n";
    tell(place, request, sizeof(request) - 1);
    while (place->fake.job == 0) {
        assert_true(pump(place));
    }
    struct control_job_result result = {.status = STATUS_IO, .error = "disk full"};
    control_job_done(place->control, place->fake.job, &result);
    json_t *answer;
    while (json_object_get(answer = next_answer(place), "progress") != NULL) {
        json_decref(answer);
    }
    assert_string_equal(json_string_value(json_object_get(answer, "message")), "disk full");
    json_decref(answer);
}

static void who_hangs_up_ends_the_job(void **state)
{
    struct place *place = *state;
    static const char request[] = "{\"op\":\"history\"}\n";
    tell(place, request, sizeof(request) - 1);
    while (place->fake.job == 0) {
        assert_true(pump(place));
    }
    close(place->fd);
    while (place->fake.forgotten == 0) {
        uv_run(&place->loop, UV_RUN_ONCE);
    }
    struct control_job_result result = {.status = STATUS_OK};
    control_job_done(place->control, place->fake.job, &result);
    assert_int_equal(unix_socket_connect(place->path, &place->fd), STATUS_OK);
    assert_int_equal(fcntl(place->fd, F_SETFL, O_NONBLOCK), 0);
    assert_done(place, "{\"op\":\"status\"}");
}

static void stop_is_answered_before_it_happens(void **state)
{
    struct place *place = *state;
    assert_done(place, "{\"op\":\"stop\"}");
    assert_true(place->fake.stopped);
}

static void a_living_server_is_not_replaced(void **state)
{
    struct place *place = *state;
    struct control *second = NULL;
    struct buf error = {0};
    assert_int_equal(
        control_create(&place->loop, place->path, &fake_control_ops, &place->fake, &second, &error),
        STATUS_EXISTS);
    buf_finish(&error);
    assert_done(place, "{\"op\":\"status\"}");
}

static void a_dead_servers_socket_is_replaced(void **state)
{
    struct place *place = *state;
    char path[400];
    /* Longer than an address holds. */
    char deep[200];
    memset(deep, 'd', sizeof(deep) - 1);
    deep[sizeof(deep) - 1] = '\0';
    snprintf(path, sizeof(path), "%s/%s", place->folder, deep);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof(path), "%s/%s/s", place->folder, deep);
    int dead;
    assert_int_equal(unix_socket_listen(path, 1, &dead), STATUS_OK);
    close(dead);
    struct control *second = NULL;
    struct buf error = {0};
    assert_int_equal(
        control_create(&place->loop, path, &fake_control_ops, &place->fake, &second, &error),
        STATUS_OK);
    int fd;
    assert_int_equal(unix_socket_connect(path, &fd), STATUS_OK);
    close(fd);
    control_destroy(second);

    /* But what is no socket stays. */
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fclose(file);
    assert_int_equal(
        control_create(&place->loop, path, &fake_control_ops, &place->fake, &second, &error),
        STATUS_IO);
    assert_int_equal(unlink(path), 0);
    snprintf(path, sizeof(path), "%s/%s", place->folder, deep);
    assert_int_equal(rmdir(path), 0);
    buf_finish(&error);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
#define IN_PLACE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        IN_PLACE(only_the_owner_may_connect),
        IN_PLACE(status_says_everything),
        IN_PLACE(lists_come_in_pages),
        IN_PLACE(orders_reach_the_server),
        IN_PLACE(wrong_requests_are_refused),
        IN_PLACE(a_line_without_end_is_refused),
        IN_PLACE(who_asks_and_does_not_read_waits),
        IN_PLACE(an_end_after_a_request_still_gets_its_answer),
        IN_PLACE(too_many_tools_are_refused),
        IN_PLACE(a_job_is_answered_when_it_ends),
        IN_PLACE(accounts_are_shown_and_ordered_about),
        IN_PLACE(a_job_that_fails_says_why),
        IN_PLACE(who_hangs_up_ends_the_job),
        IN_PLACE(stop_is_answered_before_it_happens),
        IN_PLACE(a_living_server_is_not_replaced),
        IN_PLACE(a_dead_servers_socket_is_replaced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
