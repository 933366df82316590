// What an app's back end signs with its secret.
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { HEX_LENGTH = 64, MD5_HEX_LENGTH = 32 };

struct app {
    const char *id, *key, *secret;
};

// Reads `ID:KEY:SECRET`, which it takes apart.
struct app app_read(char *text);
void signing_start(const struct app *app);
// The HMAC-SHA-256 of a text, in hexadecimal digits with a zero behind them.
void sign(char into[HEX_LENGTH + 1], const void *text, size_t length);
// The MD5 of some bytes, in the same form.
void md5_of(char into[MD5_HEX_LENGTH + 1], const void *bytes, size_t length);
// `POST /apps/{id}/events` with this body, signed now; says how long it is.
size_t events_request(char *into, size_t room, uint16_t port, const char *body, size_t length);
