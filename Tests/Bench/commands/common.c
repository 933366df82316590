#define _GNU_SOURCE
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "recording.h"

void fail(const char *format, ...) {
    int reason = errno;
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fprintf(stderr, reason ? ": %s\n" : "\n", strerror(reason));
    exit(2);
}

uint64_t nanoseconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static uint64_t *samples;
static size_t count, capacity;

void samples_clear(void) { count = 0; }

void samples_add(uint64_t sample) {
    if (count == capacity) {
        capacity = capacity ? 2 * capacity : 4096;
        samples = realloc(samples, capacity * sizeof *samples);
        if (!samples) fail("memory for latencies");
    }
    samples[count++] = sample;
}

static int by_value(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

void samples_print(const char *name) {
    static const struct { const char *name; double rank; } ranks[] = {{"p50", .5}, {"p99", .99}, {"max", 1}};
    if (!count) return;
    qsort(samples, count, sizeof *samples, by_value);
    double sum = 0;
    for (size_t i = 0; i < count; i++) sum += (double)samples[i];
    printf(",\"%smean_ms\":%.3f", name, sum / (double)count / 1e6);
    for (size_t i = 0; i < sizeof ranks / sizeof *ranks; i++) {
        // The smallest value that at least this share of all values do not exceed.
        size_t at = (size_t)(ranks[i].rank * (double)count + .9999999);
        printf(",\"%s%s_ms\":%.3f", name, ranks[i].name, (double)samples[at ? at - 1 : 0] / 1e6);
    }
}
