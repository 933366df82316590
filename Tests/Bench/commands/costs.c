#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "recording.h"

enum { MOST_GROUPS = 8, MOST_PIDS = 16 };

static struct group {
    char name[32];
    long pids[MOST_PIDS];
    uint32_t pid_count;
    double used;  // since costs_begin
} groups[MOST_GROUPS];
static uint32_t group_count;
static double own_used;

static double own_seconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void read_groups(void) {
    const char *list = getenv("COST_PIDS");
    group_count = 0;
    for (; list && *list && group_count < MOST_GROUPS; list += strspn(list, " ")) {
        struct group *group = &groups[group_count++];
        size_t length = strcspn(list, "=");
        *group = (struct group){0};
        snprintf(group->name, sizeof group->name, "%.*s", (int)length, list);
        list += length;
        while ((*list == '=' || *list == ',') && group->pid_count < MOST_PIDS) {
            char *end;
            group->pids[group->pid_count++] = strtol(list + 1, &end, 10);
            list = end;
        }
        if (*list && *list != ' ') fail("bad COST_PIDS");
    }
}

// Adds `sign` times what the processes of every group have used so far.
static void add(double sign) {
    DIR *all = opendir("/proc");
    if (!all) fail("open /proc");
    double tick = 1.0 / (double)sysconf(_SC_CLK_TCK);
    for (struct dirent *entry; (entry = readdir(all));) {
        if (!isdigit((unsigned char)entry->d_name[0])) continue;
        char path[300], text[1024];
        snprintf(path, sizeof path, "/proc/%s/stat", entry->d_name);
        FILE *file = fopen(path, "r");
        if (!file) continue;  // it has ended
        size_t length = fread(text, 1, sizeof text - 1, file);
        fclose(file);
        text[length] = 0;
        // The name may hold spaces and brackets: fields are counted behind the last bracket.
        const char *fields = strrchr(text, ')');
        long parent, pid = strtol(entry->d_name, NULL, 10);
        unsigned long user, system;
        long ended_user, ended_system;
        if (!fields || sscanf(fields + 2, "%*c %ld %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %ld %ld", &parent, &user, &system,
                              &ended_user, &ended_system) != 5) continue;
        for (uint32_t i = 0; i < group_count; i++) {
            for (uint32_t j = 0; j < groups[i].pid_count; j++) {
                double ticks = 0;
                if (pid == groups[i].pids[j]) ticks = (double)(user + system) + (double)(ended_user + ended_system);
                else if (parent == groups[i].pids[j]) ticks = (double)(user + system);
                groups[i].used += sign * ticks * tick;
            }
        }
    }
    closedir(all);
    errno = 0;
}

void costs_begin(void) {
    read_groups();
    add(-1);
    own_used = -own_seconds();
}

void costs_end(void) {
    own_used += own_seconds();
    add(1);
}

double costs_of(const char *name) {
    for (uint32_t i = 0; i < group_count; i++) if (strcmp(groups[i].name, name) == 0) return groups[i].used;
    fail("COST_PIDS does not name %s", name);
}

void costs_print(void) {
    for (uint32_t i = 0; i < group_count; i++) printf(",\"%s_cpu_s\":%.2f", groups[i].name, groups[i].used);
    printf(",\"own_cpu_s\":%.3f", own_used);
}
