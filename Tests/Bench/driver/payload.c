// The events that are published: `{"seq":"16 hex digits","due":"16 hex digits","pad":"…"}`.

#include "driver.h"

#include <string.h>

static const char SEQ[] = "{\"seq\":\"", DUE[] = "\",\"due\":\"", PAD[] = "\",\"x\":\"";
enum { SEQ_AT = sizeof SEQ - 1, DUE_AT = SEQ_AT + 16 + sizeof DUE - 1, PAD_AT = DUE_AT + 16 };
_Static_assert((int)PAD_AT == (int)STAMP_LENGTH, "the stamp ends with the due time");

static char template[MAX_PAYLOAD];
static size_t length = 300;

static void hex(char *to, uint64_t value) {
    for (int i = 15; i >= 0; i--, value >>= 4) to[i] = "0123456789abcdef"[value & 15];
}

static bool unhex(const char *from, uint64_t *value) {
    *value = 0;
    for (int i = 0; i < 16; i++) {
        char c = from[i];
        if (c >= '0' && c <= '9') *value = *value << 4 | (uint64_t)(c - '0');
        else if (c >= 'a' && c <= 'f') *value = *value << 4 | (uint64_t)(c - 'a' + 10);
        else return false;
    }
    return true;
}

void payload_set_length(size_t wanted) {
    if (wanted < MIN_PAYLOAD || wanted > MAX_PAYLOAD) fail("a payload has %d to %d bytes", MIN_PAYLOAD, MAX_PAYLOAD);
    length = wanted;
    memcpy(template, SEQ, SEQ_AT);
    memcpy(template + SEQ_AT + 16, DUE, sizeof DUE - 1);
    memcpy(template + PAD_AT, PAD, sizeof PAD - 1);
    // No two neighbours are equal, so that a lost or moved byte shows.
    for (size_t i = PAD_AT + sizeof PAD - 1; i < length - 2; i++) template[i] = (char)('a' + i * 7 % 26);
    memcpy(template + length - 2, "\"}", 2);
}

size_t payload_length(void) { return length; }

void payload_write(char *to, uint64_t sequence, uint64_t due) {
    memcpy(to, template, length);
    hex(to + SEQ_AT, sequence);
    hex(to + DUE_AT, due);
}

bool payload_read(const char *from, uint64_t *sequence, uint64_t *due) {
    return memcmp(from, SEQ, SEQ_AT) == 0 && unhex(from + SEQ_AT, sequence) && unhex(from + DUE_AT, due);
}

bool payload_matches(const uint8_t *bytes, size_t from, size_t count) {
    return from + count <= length && memcmp(bytes, template + from, count) == 0;
}
