/*
 * Reads a password and prints its hash. Main thread; the only thing the process does. The password
 * is wiped from our memory before the end.
 */
#include "genpasswd.h"

#include "daemon_limits.h"
#include "str.h"

#include <errno.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

/* The terminal's settings from before, for the way out by a signal. */
static struct termios genpasswd_before;

static void restore_and_die(int number)
{
    static const char newline = '\n';
    tcsetattr(STDIN_FILENO, TCSANOW, &genpasswd_before);
    ssize_t ignored = write(STDERR_FILENO, &newline, 1);
    (void)ignored;
    _exit(128 + number);
}

/* One line without its newline; byte by byte, since what follows is somebody else's. Returns its
 * length, or -1 where it is longer than `size` or there is none. */
static ssize_t read_line(char *line, size_t size)
{
    size_t len = 0;
    for (;;) {
        char c;
        ssize_t n = read(STDIN_FILENO, &c, 1);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0 && len == 0) {
            return -1;
        }
        if (n <= 0 || c == '\n') {
            return (ssize_t)len;
        }
        if (len == size) {
            return -1;
        }
        line[len++] = c;
    }
}

static ssize_t ask(const char *prompt, char *line, size_t size)
{
    fputs(prompt, stderr);
    ssize_t len = read_line(line, size);
    fputc('\n', stderr);
    return len;
}

static ssize_t ask_twice(char *password, size_t size)
{
    char again[PASSWORD_BYTES_MAX];
    if (tcgetattr(STDIN_FILENO, &genpasswd_before) != 0) {
        return -1;
    }
    struct sigaction action = {.sa_handler = restore_and_die};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
    struct termios silent = genpasswd_before;
    silent.c_lflag &= ~(tcflag_t)ECHO;
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
    ssize_t len = ask("Password: ", password, size);
    ssize_t len_again = len > 0 ? ask("Again: ", again, sizeof(again)) : len;
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &genpasswd_before);
    bool same = len > 0 && len == len_again && memcmp(password, again, (size_t)len) == 0;
    sodium_memzero(again, sizeof(again));
    if (len > 0 && !same) {
        fputs("marud: the two passwords differ\n", stderr);
        return -2;
    }
    return len;
}

int genpasswd_run(void)
{
    if (sodium_init() < 0) {
        fputs("marud: libsodium does not start\n", stderr);
        return EXIT_FAILURE;
    }
    char password[PASSWORD_BYTES_MAX];
    ssize_t len = isatty(STDIN_FILENO) != 0 ? ask_twice(password, sizeof(password))
                                            : read_line(password, sizeof(password));
    int result = EXIT_FAILURE;
    char hash[crypto_pwhash_STRBYTES];
    if (len == -2) {
        result = EXIT_FAILURE;
    } else if (len <= 0) {
        fprintf(stderr, "marud: expected a password of 1 to %d bytes\n", PASSWORD_BYTES_MAX);
    } else if (memchr(password, ' ', (size_t)len) != NULL &&
               (password[0] == ' ' || password[len - 1] == ' ')) {
        fputs("marud: expected a password without spaces at its ends\n", stderr);
    } else if (crypto_pwhash_str(hash, password, (unsigned long long)len,
                                 crypto_pwhash_OPSLIMIT_INTERACTIVE,
                                 crypto_pwhash_MEMLIMIT_INTERACTIVE) != 0) {
        fputs("marud: not enough memory to make a hash\n", stderr);
    } else {
        puts(hash);
        result = EXIT_SUCCESS;
    }
    sodium_memzero(password, sizeof(password));
    return result;
}
