/* NAMES of a crowded room, whose text is kept: always what a look at every member would say. */
#include "unit.h"

#include "cap.h"
#include "chance.h"
#include "core_fixture.h"
#include "core_limits.h"
#include "settings.h"

#include <stdio.h>

/* The first ones look: members with each form of the list, and one outside. */
enum { FORMS = 4, OUTSIDE = FORMS, WATCHERS = 5, CROWD = 420, STEPS = 4000, MULTI = 1, MASKS = 2 };

struct person {
    char nick[24];
    char came_as[24];
    unsigned names; /* that it has had */
    bool inside;
    bool voiced;
    bool invisible;
    uint64_t order;   /* of joining */
    uint64_t changed; /* step of its last change */
};

struct crowd {
    struct fixture f;
    struct person people[CROWD];
    uint64_t seed;
    uint64_t step;
    uint64_t joins;
};

static void say(struct crowd *c, unsigned who, const char *format, const char *nick)
{
    char line[100];
    snprintf(line, sizeof(line), format, nick);
    fixture_line_piece(&c->f, who, line);
    while (c->f.sessions[who].result == CORE_HELD) {
        fixture_continue(&c->f, who);
    }
}

static void join(struct crowd *c, unsigned i)
{
    say(c, i, "JOIN #%s", "crowd");
    c->people[i].inside = true;
    c->people[i].voiced = false;
    c->people[i].order = ++c->joins;
}

static void gather(struct crowd *c)
{
    static const cap_set caps[FORMS] = {0, CAP_MULTI_PREFIX, CAP_USERHOST_IN_NAMES,
                                        CAP_MULTI_PREFIX | CAP_USERHOST_IN_NAMES};
    *c = (struct crowd){.seed = 21};
    fixture_init(&c->f);
    c->f.settings->clients_max = CROWD;
    c->f.deaf_from = WATCHERS;
    for (unsigned i = 0; i < CROWD; i++) {
        struct person *p = &c->people[i];
        snprintf(p->nick, sizeof(p->nick), "Person%03u", i);
        memcpy(p->came_as, p->nick, sizeof(p->nick));
        fixture_register(&c->f, p->nick, caps[i == OUTSIDE ? 0 : i % FORMS]);
        if (i < FORMS) {
            join(c, i);
        }
    }
}

/* One of the crowd does something, or the first member, who is the operator, does it to one. */
static void act(struct crowd *c)
{
    unsigned i = WATCHERS + (unsigned)chance(&c->seed, CROWD - WATCHERS);
    struct person *p = &c->people[i];
    c->step++;
    p->changed = c->step;
    uint64_t what = chance(&c->seed, 16);
    if (!p->inside) {
        join(c, i);
    } else if (what == 0) {
        say(c, i, "PART #%s", "crowd");
        p->inside = false;
    } else if (what == 1) {
        snprintf(p->nick, sizeof(p->nick), "Person%03u-%u", i, ++p->names);
        say(c, i, "NICK %s", p->nick);
    } else if (what == 2) {
        p->voiced = !p->voiced;
        say(c, 0, p->voiced ? "MODE #crowd +v %s" : "MODE #crowd -v %s", p->nick);
    } else if (what == 3) {
        char line[50];
        p->invisible = !p->invisible;
        snprintf(line, sizeof(line), "MODE %%s %ci", p->invisible ? '+' : '-');
        say(c, i, line, p->nick);
    } else if (what == 4) {
        /* Both, so that there is something to choose from; the first prefix is always shown. */
        say(c, 0, "MODE #crowd +v %s", c->people[0].nick);
        c->people[0].voiced = true;
    }
    if (chance(&c->seed, 100) == 0) {
        c->f.now_ms += CORE_NAMES_IDLE_MS + 1;
    }
}

static void add_person(struct buf *out, const struct crowd *c, unsigned i, unsigned form)
{
    const struct person *p = &c->people[i];
    buf_printf(out, " %s%s%s", i == 0 ? "@" : "",
               p->voiced && (i != 0 || (form & MULTI) != 0) ? "+" : "", p->nick);
    if ((form & MASKS) != 0) {
        buf_printf(out, "!%s@%s.test", p->came_as, p->came_as);
    }
}

/* " name name …", as every member would be looked at. */
static void expect(const struct crowd *c, unsigned watcher, struct buf *out)
{
    uint64_t order = 0;
    for (;;) {
        unsigned next = CROWD;
        for (unsigned i = 0; i < CROWD; i++) {
            const struct person *p = &c->people[i];
            if (p->inside && p->order > order &&
                (next == CROWD || p->order < c->people[next].order)) {
                next = i;
            }
        }
        if (next == CROWD) {
            break;
        }
        order = c->people[next].order;
        if (watcher != OUTSIDE || !c->people[next].invisible) {
            add_person(out, c, next, watcher % FORMS);
        }
    }
    buf_add_char(out, '\0');
}

/* The names of all lines of 353 that the watcher has seen, each with a space before it. */
static void take_names(struct crowd *c, unsigned watcher, struct buf *out)
{
    struct str seen = str_from(fixture_seen(&c->f, watcher));
    while (seen.p != NULL) {
        struct str line = str_split(&seen, '\n');
        const char *names = memmem(line.p, line.len, "#crowd :", 8);
        if (line.len > 4 && memmem(line.p, line.len, " 353 ", 5) != NULL) {
            assert_non_null(names);
            assert_true(line.len <= CORE_LINE_MAX);
            buf_add_char(out, ' ');
            buf_add(out, names + 8, (size_t)(line.p + line.len - names) - 8);
        }
    }
}

static void the_list_is_what_a_look_at_everybody_says(void **state)
{
    static struct crowd c;
    gather(&c);
    while (c.step < STEPS) {
        act(&c);
        if (chance(&c.seed, 3) != 0) {
            continue;
        }
        unsigned watcher = (unsigned)chance(&c.seed, WATCHERS);
        struct buf want = {0};
        struct buf got = {0};
        fixture_forget(&c.f);
        say(&c, watcher, "NAMES #%s", "crowd");
        take_names(&c, watcher, &got);
        buf_add_char(&got, '\0');
        expect(&c, watcher, &want);
        assert_string_equal(got.p, want.p);
        buf_finish(&want);
        buf_finish(&got);
    }
    fixture_finish(&c.f);
}

static void who_stays_is_in_a_paused_list_once(void **state)
{
    static struct crowd c;
    unsigned paused = 0;
    gather(&c);
    while (c.step < STEPS / 4) {
        act(&c);
    }
    while (c.step < STEPS) {
        unsigned watcher = (unsigned)chance(&c.seed, FORMS);
        uint64_t began = c.step;
        struct buf got = {0};
        fixture_forget(&c.f);
        fixture_line_piece(&c.f, watcher, "NAMES #crowd");
        take_names(&c, watcher, &got);
        /* The first one must be free to give ranks. */
        while (watcher != 0 && c.f.sessions[watcher].result == CORE_HELD) {
            paused++;
            for (uint64_t i = chance(&c.seed, 20); i > 0; i--) {
                act(&c);
                take_names(&c, watcher, &got);
            }
            /* Another one's list has lines that end elsewhere. */
            unsigned other = (unsigned)chance(&c.seed, CROWD / FORMS - 2) * FORMS + FORMS * 2;
            if (c.people[other + watcher].inside) {
                say(&c, other + watcher, "NAMES #%s", "crowd");
            }
            fixture_continue(&c.f, watcher);
            take_names(&c, watcher, &got);
        }
        while (c.f.sessions[watcher].result == CORE_HELD) {
            fixture_continue(&c.f, watcher);
            take_names(&c, watcher, &got);
        }
        buf_add(&got, " ", 2);
        for (unsigned i = 1; i < CROWD; i++) {
            if (!c.people[i].inside || c.people[i].changed > began) {
                continue;
            }
            struct buf one = {0};
            add_person(&one, &c, i, watcher);
            buf_add(&one, " ", 2);
            const char *at = strstr(got.p, one.p);
            assert_non_null(at);
            assert_null(strstr(at + 1, one.p));
            buf_finish(&one);
        }
        buf_finish(&got);
        act(&c);
    }
    assert_true(paused > 100);
    fixture_finish(&c.f);
}

/* Whose nickname is longer than is permitted today gets whole lines, too. */
static void long_nicknames_get_whole_lines(void **state)
{
    static struct crowd c;
    gather(&c);
    for (unsigned i = WATCHERS; i < 200; i++) {
        join(&c, i);
    }
    c.f.settings->nick_len = 2;
    for (unsigned watcher = 0; watcher < FORMS; watcher++) {
        struct buf want = {0};
        struct buf got = {0};
        fixture_forget(&c.f);
        say(&c, watcher, "NAMES #%s", "crowd");
        take_names(&c, watcher, &got);
        buf_add_char(&got, '\0');
        expect(&c, watcher, &want);
        assert_string_equal(got.p, want.p);
        buf_finish(&want);
        buf_finish(&got);
    }
    fixture_finish(&c.f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_list_is_what_a_look_at_everybody_says),
        cmocka_unit_test(who_stays_is_in_a_paused_list_once),
        cmocka_unit_test(long_nicknames_get_whole_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
