// What record.py wrote: the commands that the bench has carried out, by the cluster and by the floor.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ROUND_TRIPS = 2, CHANGES = 2, MOST_NEW_IDS = 16, ID_LENGTH = 16, ID_TEXT_LENGTH = 36 };

struct bytes {
    char *at;  // with a zero behind them
    uint32_t length;
};

struct statement {
    struct bytes sql;
    uint32_t type_count;
    uint32_t *types;
};

// One statement with its parameters, as libpq takes them.
struct step {
    uint32_t statement, count;
    const char **values;
    int *lengths, *formats;
};

struct trip {
    uint32_t count;
    struct step *steps;
};

// Where an id goes: 0 is the room's, the others are new for each command.
struct patch {
    char *at;
    bool is_text;
    uint32_t which;
};

struct change {
    struct bytes body;
    uint32_t new_ids;
    struct trip trips[ROUND_TRIPS];
    struct bytes channel, message;
    uint32_t patch_count;
    struct patch *patches;
};

// The rooms of one property, and two changes that undo each other.
struct template {
    struct bytes token;
    struct bytes screen;  // the channel of the property
    uint32_t room_count;
    uint8_t (*rooms)[ID_LENGTH];
    struct change changes[CHANGES];
};

struct recording {
    uint32_t statement_count, template_count;
    struct statement *statements;
    struct template *templates;
};

struct recording recording_read(const char *path);
// Writes the ids where they belong: `ids[0]` is the room's.
void change_fill(const struct change *change, uint8_t (*ids)[ID_LENGTH]);
// A UUID of version 7, as nodes make them.
void id_make(uint8_t id[ID_LENGTH]);
void id_write(char text[ID_TEXT_LENGTH], const uint8_t id[ID_LENGTH]);

// ------------------------------------------------------------------------------------------------ common.c

// Ends the program with exit 2: what it was doing, and errno if it is set.
_Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
uint64_t nanoseconds(void);

// What the processes behind a measurement use, read while it runs: before and after it there is work that does not belong to it.
// The environment's COST_PIDS says which, `NAME=PID[,PID…] NAME=PID…`; a process counts with its children, also those that ended.
void costs_begin(void);
// Keeps what was used since.
void costs_end(void);
// What the processes of a name have used, in seconds.
double costs_of(const char *name);
// Prints `,"NAME_cpu_s":…` for each name, and `own` for this process.
void costs_print(void);

// Latencies of one run, in ns.
void samples_clear(void);
void samples_add(uint64_t nanoseconds);
// Prints `,"NAMEp50_ms":…` and so on; nothing if there are none.
void samples_print(const char *name);
