#define _GNU_SOURCE
#include "signing.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "../commands/recording.h"

static const struct app *app;
static EVP_MAC_CTX *code;
static EVP_MD_CTX *digest;
static EVP_MD *md5;

struct app app_read(char *text) {
    struct app read;
    read.id = strsep(&text, ":");
    read.key = strsep(&text, ":");
    read.secret = text;
    if (!read.key || !read.secret) fail("--app takes ID:KEY:SECRET");
    return read;
}

void signing_start(const struct app *for_app) {
    app = for_app;
    char hash[] = "SHA256";
    OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, hash, 0), OSSL_PARAM_construct_end()};
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    code = EVP_MAC_CTX_new(mac);
    EVP_MAC_free(mac);
    digest = EVP_MD_CTX_new();
    md5 = EVP_MD_fetch(NULL, "MD5", NULL);
    if (!code || !digest || !md5 || !EVP_MAC_init(code, (const unsigned char *)app->secret, strlen(app->secret), parameters)) {
        fail("libcrypto has no HMAC or no MD5");
    }
}

static void write_hex(char *into, const unsigned char *bytes, size_t count) {
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < count; i++) {
        *into++ = digits[bytes[i] >> 4];
        *into++ = digits[bytes[i] & 15];
    }
    *into = 0;
}

void sign(char into[HEX_LENGTH + 1], const void *text, size_t length) {
    unsigned char bytes[HEX_LENGTH / 2];
    size_t count;
    // Without a key it goes on with the one it has.
    if (!EVP_MAC_init(code, NULL, 0, NULL) || !EVP_MAC_update(code, text, length) ||
        !EVP_MAC_final(code, bytes, &count, sizeof bytes)) fail("HMAC");
    write_hex(into, bytes, count);
}

void md5_of(char into[MD5_HEX_LENGTH + 1], const void *bytes, size_t length) {
    unsigned char sum[MD5_HEX_LENGTH / 2];
    unsigned count;
    if (!EVP_DigestInit_ex2(digest, md5, NULL) || !EVP_DigestUpdate(digest, bytes, length) ||
        !EVP_DigestFinal_ex(digest, sum, &count)) fail("MD5");
    write_hex(into, sum, count);
}

size_t events_request(char *into, size_t room, uint16_t port, const char *body, size_t length) {
    char text[512], sum[MD5_HEX_LENGTH + 1], signature[HEX_LENGTH + 1];
    md5_of(sum, body, length);
    int signed_length = snprintf(
        text, sizeof text, "POST\n/apps/%s/events\nauth_key=%s&auth_timestamp=%lld&auth_version=1.0&body_md5=%s", app->id,
        app->key, (long long)time(NULL), sum);
    if (signed_length >= (int)sizeof text) fail("an app's id or key is too long");
    sign(signature, text, (size_t)signed_length);
    const char *query = strchr(strchr(text, '\n') + 1, '\n') + 1;
    int head = snprintf(
        into, room,
        "POST /apps/%s/events?%s&auth_signature=%s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nContent-Type: application/json\r\n"
        "Content-Length: %zu\r\n\r\n",
        app->id, query, signature, port, length);
    if (head < 0 || (size_t)head + length > room) fail("a request of %zu bytes", length);
    memcpy(into + head, body, length);
    return (size_t)head + length;
}
