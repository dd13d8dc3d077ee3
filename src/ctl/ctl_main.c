/* maructl: the operator's tool for a server on this machine. One thread. */
#include "alloc.h"
#include "ctl_file.h"
#include "ctl_link.h"
#include "ctl_output.h"
#include "ctl_show.h"
#include "escape.h"
#include "progress.h"

#include <getopt.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { EXIT_USAGE = 2 };

static const char help[] =
    "Usage: maructl [--data DIR | --socket PATH] [--json] COMMAND\n"
    "Ask or tell the server that runs on this machine.\n"
    "\n"
    "  status                show how the server is\n"
    "  clients               list who is connected\n"
    "  rooms                 list the rooms\n"
    "  accounts [NAME]       list the accounts, or show one\n"
    "  suspend NAME [REASON] let nobody log in to an account\n"
    "  unsuspend NAME        let its owner log in again\n"
    "  unregister NAME       end an account; what it said stays (see erase)\n"
    "  announce TEXT         say something to everybody, apart from chat\n"
    "  kick NICK [REASON]    disconnect a user\n"
    "  set max-clients N     admit N clients from now on; throws nobody out\n"
    "  reload                read the configuration and the certificate again\n"
    "  stop                  stop the server\n"
    "\n"
    "  history               show how much is kept, and whether it can be written\n"
    "  backup FILE           copy what is kept to FILE, while people talk\n"
    "  export ROOM FILE      write what was said in ROOM to FILE, with --json as JSON lines,\n"
    "                        with --html as a page\n"
    "  erase NICK|MASK       delete what a nickname, or all of nick!user@host, said\n"
    "  erase --account NAME  delete what an account said\n"
    "\n"
    "  --data DIR            the server's data folder\n"
    "  --socket PATH         its control socket\n"
    "  --json                print answers as JSON\n"
    "  --html                export a page\n"
    "  --account             erase what an account said\n"
    "  --yes                 erase or unregister without asking\n"
    "  --version             print the version\n"
    "  --help                print this\n";

struct job {
    struct ctl_link link;
    bool json;
    bool html;
    bool account;
    bool yes;
    int words_n; /* behind the command */
    char **words;
};

/* A mistake in the command line: "DETAIL: WHAT"; the detail may be NULL. */
static int complain(const char *detail, const char *what)
{
    struct buf text = {0};
    if (detail != NULL) {
        escape_add(&text, str_from(detail));
        buf_add_cstr(&text, ": ");
    }
    buf_add_cstr(&text, what);
    fprintf(stderr, "maructl: " STR_FMT " (see maructl --help)\n", STR_ARG(buf_str(&text)));
    buf_finish(&text);
    return EXIT_USAGE;
}

static int fail(struct str why)
{
    struct buf text = {0};
    escape_add(&text, why);
    fprintf(stderr, "maructl: " STR_FMT "\n", STR_ARG(buf_str(&text)));
    buf_finish(&text);
    return EXIT_FAILURE;
}

static int print_json(const json_t *json)
{
    char *text = json_dumps(json, JSON_INDENT(2));
    CHECK(text != NULL);
    struct buf line = {0};
    buf_add_cstr(&line, text);
    buf_add_char(&line, '\n');
    int result = ctl_output(buf_str(&line)) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
    buf_finish(&line);
    free(text);
    return result;
}

/* Asks; NULL with the reason on stderr where there is no answer. Takes the request. */
static json_t *ask(struct job *job, json_t *request)
{
    struct buf error = {0};
    json_t *answer = NULL;
    CHECK(request != NULL);
    if (ctl_link_ask(&job->link, request, &answer, &error) < 0) {
        fail(buf_str(&error));
    }
    buf_finish(&error);
    return answer;
}

static void print_messages(const json_t *answer)
{
    size_t i;
    const json_t *line;
    json_array_foreach(json_object_get(answer, "messages"), i, line)
    {
        struct buf text = {0};
        escape_add(&text, str_from(json_string_value(line)));
        printf(STR_FMT "\n", STR_ARG(buf_str(&text)));
        buf_finish(&text);
    }
}

/* An order: nothing is shown where it was done, unless the server has something to say. */
static int order(struct job *job, json_t *request)
{
    json_t *answer = ask(job, request);
    if (answer == NULL) {
        return EXIT_FAILURE;
    }
    bool good = json_is_true(json_object_get(answer, "ok"));
    int result = good ? EXIT_SUCCESS : EXIT_FAILURE;
    if (job->json) {
        int printed = print_json(answer);
        result = good ? printed : EXIT_FAILURE;
    } else {
        print_messages(answer);
        if (!good) {
            fail(str_from(json_string_value(json_object_get(answer, "message"))));
        }
    }
    json_decref(answer);
    return result;
}

typedef void (*show_fn)(const json_t *json, struct buf *out);

static int show(struct job *job, json_t *json, const json_t *part, show_fn words)
{
    int result;
    if (job->json) {
        result = print_json(json);
    } else {
        struct buf out = {0};
        words(part, &out);
        result = ctl_output(buf_str(&out)) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
        buf_finish(&out);
    }
    json_decref(json);
    return result;
}

static bool is_refused(json_t *answer)
{
    if (json_is_true(json_object_get(answer, "ok"))) {
        return false;
    }
    fail(str_from(json_string_value(json_object_get(answer, "message"))));
    json_decref(answer);
    return true;
}

static int run_status(struct job *job)
{
    json_t *answer = ask(job, json_pack("{s:s}", "op", "status"));
    if (answer == NULL || is_refused(answer)) {
        return EXIT_FAILURE;
    }
    return show(job, answer, answer, ctl_show_status);
}

/* Asks for page after page and shows them as one list. */
static int run_list(struct job *job, const char *what, show_fn words)
{
    json_t *all = json_array();
    json_int_t cursor = 0;
    do {
        json_t *answer = ask(job, json_pack("{s:s, s:I}", "op", what, "cursor", cursor));
        if (answer == NULL || is_refused(answer)) {
            json_decref(all);
            return EXIT_FAILURE;
        }
        CHECK(json_array_extend(all, json_object_get(answer, what)) == 0);
        cursor = json_integer_value(json_object_get(answer, "next"));
        json_decref(answer);
    } while (cursor != 0);
    return show(job, json_pack("{s:b, s:o}", "ok", 1, what, all), all, words);
}

static int run_clients(struct job *job)
{
    return run_list(job, "clients", ctl_show_clients);
}

static int run_rooms(struct job *job)
{
    return run_list(job, "rooms", ctl_show_rooms);
}

/* Words with a space between, as one JSON text. NULL where that is not UTF-8. */
static json_t *join_words(char **words, int n)
{
    struct buf text = {0};
    for (int i = 0; i < n; i++) {
        buf_add_cstr(&text, i > 0 ? " " : "");
        buf_add_cstr(&text, words[i]);
    }
    json_t *json = json_stringn(text.len > 0 ? text.p : "", text.len);
    buf_finish(&text);
    return json;
}

static int run_announce(struct job *job)
{
    json_t *text = join_words(job->words, job->words_n);
    if (text == NULL) {
        return complain(NULL, "expected UTF-8 text");
    }
    return order(job, json_pack("{s:s, s:o}", "op", "announce", "text", text));
}

static int run_kick(struct job *job)
{
    json_t *nick = json_string(job->words[0]);
    json_t *reason = join_words(job->words + 1, job->words_n - 1);
    if (nick == NULL || reason == NULL) {
        json_decref(nick);
        json_decref(reason);
        return complain(NULL, "expected UTF-8 text");
    }
    return order(job, json_pack("{s:s, s:o, s:o}", "op", "kick", "nick", nick, "reason", reason));
}

static int run_set(struct job *job)
{
    uint64_t n = 0;
    if (strcmp(job->words[0], "max-clients") != 0) {
        return complain(job->words[0], "expected max-clients");
    }
    if (str_to_u64(str_from(job->words[1]), &n) < 0 || n < 1 || n > INT32_MAX) {
        return complain(job->words[1], "expected a whole number from 1");
    }
    return order(job, json_pack("{s:s, s:I}", "op", "set", "max_clients", (json_int_t)n));
}

/* What is erased does not come back: a person is asked, a program must have said so. */
static bool is_sure(const struct job *job, const char *before, const char *behind)
{
    if (job->yes) {
        return true;
    }
    if (isatty(STDIN_FILENO) != 1) {
        complain(NULL, "expected --yes: what is erased does not come back");
        return false;
    }
    struct buf question = {0};
    buf_add_cstr(&question, before);
    escape_add(&question, str_from(job->words[0]));
    fprintf(stderr, STR_FMT "%s? [y/N] ", STR_ARG(buf_str(&question)), behind);
    buf_finish(&question);
    char answer[16] = "";
    return fgets(answer, sizeof(answer), stdin) != NULL && ascii_lower(answer[0]) == 'y';
}

/* ---- accounts ---- */

static int run_accounts(struct job *job)
{
    if (job->words_n == 0) {
        return run_list(job, "accounts", ctl_show_accounts);
    }
    json_t *name = json_string(job->words[0]);
    if (name == NULL) {
        return complain(NULL, "expected UTF-8 text");
    }
    json_t *answer = ask(job, json_pack("{s:s, s:o}", "op", "account", "name", name));
    if (answer == NULL || is_refused(answer)) {
        return EXIT_FAILURE;
    }
    return show(job, answer, json_object_get(answer, "account"), ctl_show_account);
}

static int order_account(struct job *job, const char *op)
{
    json_t *name = json_string(job->words[0]);
    json_t *reason = join_words(job->words + 1, job->words_n - 1);
    if (name == NULL || reason == NULL) {
        json_decref(name);
        json_decref(reason);
        return complain(NULL, "expected UTF-8 text");
    }
    return order(job, json_pack("{s:s, s:o, s:o}", "op", op, "name", name, "reason", reason));
}

static int run_suspend(struct job *job)
{
    return order_account(job, "suspend");
}

static int run_unsuspend(struct job *job)
{
    return order_account(job, "unsuspend");
}

static int run_unregister(struct job *job)
{
    return is_sure(job, "End the account ", "") ? order_account(job, "unregister") : EXIT_USAGE;
}

static int run_reload(struct job *job)
{
    return order(job, json_pack("{s:s}", "op", "reload"));
}

static int run_stop(struct job *job)
{
    return order(job, json_pack("{s:s}", "op", "stop"));
}

/* ---- jobs ---- */

/* Asks for what takes long, and shows how far it is. NULL where it failed, with the reason said. */
static json_t *ask_long(struct job *job, const char *what, json_t *request)
{
    struct progress progress;
    struct buf error = {0};
    int status = STATUS_OK;
    progress_begin(&progress, what);
    json_t *answer = ask(job, request);
    const json_t *far;
    while (answer != NULL && (far = json_object_get(answer, "progress")) != NULL) {
        progress_show(&progress, (uint64_t)json_integer_value(json_object_get(far, "done")),
                      (uint64_t)json_integer_value(json_object_get(far, "total")));
        json_decref(answer);
        answer = NULL;
        status = ctl_link_next(&job->link, &answer, &error);
    }
    progress_end(&progress);
    if (status < 0) {
        fail(buf_str(&error));
    }
    buf_finish(&error);
    return answer == NULL || is_refused(answer) ? NULL : answer;
}

static int run_history(struct job *job)
{
    json_t *answer = ask_long(job, "Counting", json_pack("{s:s}", "op", "history"));
    return answer == NULL ? EXIT_FAILURE : show(job, answer, answer, ctl_show_history);
}

/* Brings the file that the server made to where it is wanted. Takes the answer. */
static int take_file(json_t *answer, const char *to)
{
    struct buf error = {0};
    const char *from = json_string_value(json_object_get(answer, "path"));
    int result = EXIT_SUCCESS;
    if (from == NULL) {
        result = fail(STR("the server names no file"));
    } else if (ctl_file_take(from, to, &error) < 0) {
        result = fail(buf_str(&error));
    }
    buf_finish(&error);
    return result;
}

/* Better now than after an hour. */
static bool can_write(const char *to)
{
    struct buf error = {0};
    bool can = ctl_file_try(to, &error) == STATUS_OK;
    if (!can) {
        fail(buf_str(&error));
    }
    buf_finish(&error);
    return can;
}

static int run_backup(struct job *job)
{
    if (!can_write(job->words[0])) {
        return EXIT_FAILURE;
    }
    json_t *answer = ask_long(job, "Copying the history", json_pack("{s:s}", "op", "backup"));
    int result = answer != NULL ? take_file(answer, job->words[0]) : EXIT_FAILURE;
    json_decref(answer);
    return result;
}

/* "1 message", "12 messages" */
static void say_count(const char *before, const json_t *answer)
{
    json_int_t n = json_integer_value(json_object_get(answer, "messages"));
    printf("%s%lld message%s.\n", before, (long long)n, n == 1 ? "" : "s");
}

static int run_export(struct job *job)
{
    if (job->json == job->html) {
        return complain(NULL, "expected --json or --html");
    }
    json_t *room = json_string(job->words[0]);
    if (room == NULL) {
        return complain(NULL, "expected UTF-8 text");
    }
    if (!can_write(job->words[1])) {
        json_decref(room);
        return EXIT_FAILURE;
    }
    json_t *answer = ask_long(job, "Exporting",
                              json_pack("{s:s, s:o, s:s}", "op", "export", "room", room, "format",
                                        job->html ? "html" : "json"));
    int result = answer != NULL ? take_file(answer, job->words[1]) : EXIT_FAILURE;
    if (result == EXIT_SUCCESS) {
        say_count("Wrote ", answer);
    }
    json_decref(answer);
    return result;
}

static int run_erase(struct job *job)
{
    json_t *who = json_string(job->words[0]);
    if (who == NULL) {
        return complain(NULL, "expected UTF-8 text");
    }
    const char *whose =
        job->account ? "Delete for ever all that the account " : "Delete for ever all that ";
    if (!is_sure(job, whose, " said")) {
        json_decref(who);
        return EXIT_USAGE;
    }
    json_t *answer =
        ask_long(job, "Erasing",
                 json_pack("{s:s, s:o}", "op", "erase", job->account ? "account" : "who", who));
    if (answer == NULL) {
        return EXIT_FAILURE;
    }
    int result = EXIT_SUCCESS;
    if (job->json) {
        result = print_json(answer);
    } else {
        say_count("Erased ", answer);
    }
    json_decref(answer);
    return result;
}

struct command {
    const char *name;
    int words_min;
    int words_max;
    int (*run)(struct job *job);
};

static const struct command commands[] = {
    {"accounts", 0, 1, run_accounts},
    {"announce", 1, INT32_MAX, run_announce},
    {"backup", 1, 1, run_backup},
    {"clients", 0, 0, run_clients},
    {"erase", 1, 1, run_erase},
    {"export", 2, 2, run_export},
    {"history", 0, 0, run_history},
    {"kick", 1, INT32_MAX, run_kick},
    {"reload", 0, 0, run_reload},
    {"rooms", 0, 0, run_rooms},
    {"set", 2, 2, run_set},
    {"status", 0, 0, run_status},
    {"stop", 0, 0, run_stop},
    {"suspend", 1, INT32_MAX, run_suspend},
    {"unregister", 1, 1, run_unregister},
    {"unsuspend", 1, 1, run_unsuspend},
};

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (strcmp(commands[i].name, name) == 0) {
            return &commands[i];
        }
    }
    return NULL;
}

static int run_command(struct job *job, const struct command *command, const char *socket,
                       const char *data)
{
    struct buf error = {0};
    int result;
    if (ctl_link_open(&job->link, socket, data, &error) < 0) {
        result = fail(buf_str(&error));
    } else {
        result = command->run(job);
    }
    ctl_link_close(&job->link);
    buf_finish(&error);
    return result;
}

enum {
    OPT_DATA = 256,
    OPT_SOCKET,
    OPT_JSON,
    OPT_HTML,
    OPT_ACCOUNT,
    OPT_YES,
    OPT_VERSION,
    OPT_HELP
};

static const struct option long_options[] = {
    {"data", required_argument, NULL, OPT_DATA},
    {"socket", required_argument, NULL, OPT_SOCKET},
    {"json", no_argument, NULL, OPT_JSON},
    {"html", no_argument, NULL, OPT_HTML},
    {"account", no_argument, NULL, OPT_ACCOUNT},
    {"yes", no_argument, NULL, OPT_YES},
    {"version", no_argument, NULL, OPT_VERSION},
    {"help", no_argument, NULL, OPT_HELP},
    {NULL, 0, NULL, 0},
};

int main(int argc, char **argv)
{
    /* Widths of Korean text must be right in the C locale of a service, too. */
    if (setlocale(LC_ALL, "") == NULL || MB_CUR_MAX == 1) {
        setlocale(LC_CTYPE, "C.UTF-8");
    }
    struct job job = {.link = {.fd = -1}};
    const char *socket = NULL;
    const char *data = NULL;
    int option;
    opterr = 0;
    while ((option = getopt_long(argc, argv, ":", long_options, NULL)) != -1) {
        switch (option) {
        case OPT_DATA:
            data = optarg;
            break;
        case OPT_SOCKET:
            socket = optarg;
            break;
        case OPT_JSON:
            job.json = true;
            break;
        case OPT_HTML:
            job.html = true;
            break;
        case OPT_ACCOUNT:
            job.account = true;
            break;
        case OPT_YES:
            job.yes = true;
            break;
        case OPT_VERSION:
            puts("maructl " MARU_VERSION);
            return EXIT_SUCCESS;
        case OPT_HELP:
            fputs(help, stdout);
            return EXIT_SUCCESS;
        case ':':
            return complain(argv[optind - 1], "expected an argument");
        default:
            return complain(argv[optind - 1], "expected an option of maructl");
        }
    }
    if (socket != NULL && data != NULL) {
        return complain(NULL, "expected --data or --socket, not both");
    }
    if (optind == argc) {
        return complain(NULL, "expected a command");
    }
    const struct command *command = find_command(argv[optind]);
    if (command == NULL) {
        return complain(argv[optind], "expected a command");
    }
    job.words = argv + optind + 1;
    job.words_n = argc - optind - 1;
    if (job.words_n < command->words_min || job.words_n > command->words_max) {
        return complain(command->name, "expected another number of arguments");
    }
    return run_command(&job, command, socket, data);
}
