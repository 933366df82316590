#define _GNU_SOURCE
#include "recording.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

static const char *cursor, *end;

static void *memory(size_t count, size_t size) {
    void *found = calloc(count + 1, size);
    if (!found) fail("memory");
    return found;
}

static const char *take(size_t length) {
    if ((size_t)(end - cursor) < length) fail("the recording is cut off");
    const char *taken = cursor;
    cursor += length;
    return taken;
}

static uint32_t take_number(void) {
    uint32_t number;
    memcpy(&number, take(sizeof number), sizeof number);
    return number;
}

static struct bytes take_bytes(uint32_t length) {
    struct bytes bytes = {.at = memory(length, 1), .length = length};
    memcpy(bytes.at, take(length), length);
    return bytes;
}

static struct trip take_trip(void) {
    struct trip trip = {.count = take_number()};
    trip.steps = memory(trip.count, sizeof *trip.steps);
    for (uint32_t i = 0; i < trip.count; i++) {
        struct step *step = &trip.steps[i];
        step->statement = take_number();
        step->count = take_number();
        step->values = memory(step->count, sizeof *step->values);
        step->lengths = memory(step->count, sizeof *step->lengths);
        step->formats = memory(step->count, sizeof *step->formats);
        for (uint32_t j = 0; j < step->count; j++) {
            int32_t length = (int32_t)take_number();
            step->formats[j] = (int)take_number();
            if (length < 0) continue;
            step->lengths[j] = length;
            step->values[j] = take_bytes((uint32_t)length).at;
        }
    }
    return trip;
}

static struct change take_change(void) {
    struct change change = {.body = take_bytes(take_number()), .new_ids = take_number()};
    if (change.new_ids >= MOST_NEW_IDS) fail("a command has %u new ids", change.new_ids);
    for (int i = 0; i < ROUND_TRIPS; i++) change.trips[i] = take_trip();
    change.channel = take_bytes(take_number());
    change.message = take_bytes(take_number());
    change.patch_count = take_number();
    change.patches = memory(change.patch_count, sizeof *change.patches);
    for (uint32_t i = 0; i < change.patch_count; i++) {
        uint32_t trip = take_number(), step = take_number(), parameter = take_number(), offset = take_number();
        char *value = change.message.at;
        if (trip < ROUND_TRIPS) value = (char *)(uintptr_t)change.trips[trip].steps[step].values[parameter];
        change.patches[i] = (struct patch){.at = value + offset, .is_text = take_number()};
        change.patches[i].which = take_number();
    }
    return change;
}

struct recording recording_read(const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0) fail("open %s", path);
    size_t length = (size_t)ftell(file);
    char *text = memory(length, 1);
    rewind(file);
    if (fread(text, 1, length, file) != length) fail("read %s", path);
    fclose(file);
    cursor = text;
    end = text + length;

    struct recording recording = {.statement_count = take_number()};
    recording.statements = memory(recording.statement_count, sizeof *recording.statements);
    for (uint32_t i = 0; i < recording.statement_count; i++) {
        struct statement *statement = &recording.statements[i];
        statement->sql = take_bytes(take_number());
        statement->type_count = take_number();
        statement->types = memory(statement->type_count, sizeof *statement->types);
        for (uint32_t j = 0; j < statement->type_count; j++) statement->types[j] = take_number();
    }
    recording.template_count = take_number();
    recording.templates = memory(recording.template_count, sizeof *recording.templates);
    for (uint32_t i = 0; i < recording.template_count; i++) {
        struct template *template = &recording.templates[i];
        template->token = take_bytes(take_number());
        template->screen = take_bytes(take_number());
        template->room_count = take_number();
        template->rooms = memory(template->room_count, ID_LENGTH);
        memcpy(template->rooms, take((size_t)template->room_count * ID_LENGTH), (size_t)template->room_count * ID_LENGTH);
        for (int j = 0; j < CHANGES; j++) template->changes[j] = take_change();
    }
    free(text);
    return recording;
}

void id_write(char text[ID_TEXT_LENGTH], const uint8_t id[ID_LENGTH]) {
    static const char digits[] = "0123456789abcdef";
    for (int i = 0; i < ID_LENGTH; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) *text++ = '-';
        *text++ = digits[id[i] >> 4];
        *text++ = digits[id[i] & 15];
    }
}

void id_make(uint8_t id[ID_LENGTH]) {
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    uint64_t milliseconds = (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
    if (getrandom(id, ID_LENGTH, 0) != ID_LENGTH) fail("getrandom");
    for (int i = 0; i < 6; i++) id[i] = (uint8_t)(milliseconds >> (40 - 8 * i));
    id[6] = (uint8_t)(0x70 | (id[6] & 0x0f));
    id[8] = (uint8_t)(0x80 | (id[8] & 0x3f));
}

void change_fill(const struct change *change, uint8_t (*ids)[ID_LENGTH]) {
    for (uint32_t i = 0; i < change->patch_count; i++) {
        const struct patch *patch = &change->patches[i];
        if (patch->is_text) id_write(patch->at, ids[patch->which]);
        else memcpy(patch->at, ids[patch->which], ID_LENGTH);
    }
}
