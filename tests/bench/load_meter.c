/* Processor time and memory of the server, from the kernel. Knows no clients. */
#include "load.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static uint64_t clock_ns(clockid_t clock)
{
    struct timespec now;
    if (clock_gettime(clock, &now) != 0) {
        load_fail("the server's processor time cannot be read");
    }
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

uint64_t load_clock_ns(void)
{
    return clock_ns(CLOCK_MONOTONIC);
}

uint64_t meter_self_ns(void)
{
    return clock_ns(CLOCK_PROCESS_CPUTIME_ID);
}

/* The first number of a thread's schedstat: nanoseconds on a processor. */
static bool thread_ns(pid_t pid, const char *tid, uint64_t *ret_ns)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/task/%.16s/schedstat", pid, tid);
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        return false;
    }
    unsigned long long ns;
    bool read = fscanf(file, "%llu", &ns) == 1;
    fclose(file);
    *ret_ns = ns;
    return read;
}

static bool is_edge(pid_t pid, const char *tid)
{
    char path[64];
    char name[8] = "";
    snprintf(path, sizeof(path), "/proc/%d/task/%.16s/comm", pid, tid);
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        return false;
    }
    bool read = fgets(name, sizeof(name), file) != NULL;
    fclose(file);
    return read && strncmp(name, "edge ", 5) == 0;
}

void meter_read(pid_t pid, struct meter *ret)
{
    *ret = (struct meter){0};
    clockid_t clock;
    if (clock_getcpuclockid(pid, &clock) != 0) {
        load_fail("process %d is not there", pid);
    }
    char path[32];
    snprintf(path, sizeof(path), "/proc/%d/task", pid);
    DIR *tasks = opendir(path);
    const struct dirent *entry;
    while (tasks != NULL && (entry = readdir(tasks)) != NULL && ret->n_threads < METER_THREADS) {
        unsigned n = ret->n_threads;
        uint64_t tid;
        if (str_to_u64(str_from(entry->d_name), &tid) == 0 &&
            thread_ns(pid, entry->d_name, &ret->thread_ns[n])) {
            ret->tids[n] = (int)tid;
            ret->is_edge[n] = is_edge(pid, entry->d_name);
            ret->n_threads++;
        }
    }
    if (tasks != NULL) {
        closedir(tasks);
    }
    ret->cpu_ns = clock_ns(clock);
}

void meter_print_threads(const struct meter *before, const struct meter *after)
{
    uint64_t edges_ns = 0;
    printf(",\"threads_us\":[");
    for (unsigned i = 0; i < after->n_threads; i++) {
        uint64_t ns = after->thread_ns[i];
        for (unsigned j = 0; j < before->n_threads; j++) {
            if (before->tids[j] == after->tids[i]) {
                ns -= before->thread_ns[j];
            }
        }
        printf("%s%.0f", i > 0 ? "," : "", (double)ns / 1000);
        edges_ns += after->is_edge[i] ? ns : 0;
    }
    printf("],\"edges_us\":%.0f", (double)edges_ns / 1000);
}

uint64_t meter_resident_bytes(pid_t pid)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", pid);
    FILE *file = fopen(path, "r");
    unsigned long long kib = 0;
    char line[256];
    while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
        if (sscanf(line, "Rss: %llu kB", &kib) == 1) {
            break;
        }
    }
    if (file == NULL || kib == 0) {
        load_fail("the server's memory cannot be read");
    }
    fclose(file);
    return kib * 1024;
}
