// CPU time and memory of other processes, by pid.

#include "driver.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MAX_PROCESSES = 16 };

static struct process {
    pid_t pid;
    clockid_t clock;
} processes[MAX_PROCESSES];
static unsigned process_count;

void usage_start(const char *pids) {
    for (const char *at = pids; *at;) {
        char *end;
        long pid = strtol(at, &end, 10);
        if (end == at || pid <= 0 || process_count == MAX_PROCESSES) fail("bad list of pids: %s", pids);
        struct process *process = &processes[process_count++];
        process->pid = (pid_t)pid;
        errno = clock_getcpuclockid(process->pid, &process->clock);
        if (errno) fail("no process %ld", pid);
        at = *end == ',' ? end + 1 : end;
    }
}

double usage_cpu_seconds_of(unsigned place) {
    struct timespec time;
    if (place >= process_count) fail("there is no process %u", place);
    if (clock_gettime(processes[place].clock, &time) < 0) fail("the server %d is gone", processes[place].pid);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

double usage_cpu_seconds(void) {
    double sum = 0;
    for (unsigned i = 0; i < process_count; i++) sum += usage_cpu_seconds_of(i);
    return sum;
}

struct usage_memory usage_memory(void) {
    struct usage_memory sum = {0, 0};
    for (unsigned i = 0; i < process_count; i++) {
        char path[64], line[256];
        snprintf(path, sizeof path, "/proc/%d/status", processes[i].pid);
        FILE *status = fopen(path, "r");
        if (!status) fail("the server %d is gone", processes[i].pid);
        unsigned long kib;
        while (fgets(line, sizeof line, status)) {
            if (sscanf(line, "VmRSS: %lu", &kib) == 1) sum.resident_bytes += (uint64_t)kib << 10;
            if (sscanf(line, "RssAnon: %lu", &kib) == 1) sum.anonymous_bytes += (uint64_t)kib << 10;
        }
        fclose(status);
    }
    return sum;
}
