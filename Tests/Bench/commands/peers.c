#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "recording.h"
#include "sockets.h"

enum { MOST_BODY = 64 << 10, MOST_HEAD = 512 };

static struct {
    uint16_t port;
    int http;  // kept alive
} peers[MOST_PORTS];
static uint32_t peer_count;

void peers_connect(const uint16_t *ports, uint32_t count) {
    for (peer_count = 0; peer_count < count; peer_count++) {
        peers[peer_count].port = ports[peer_count];
        peers[peer_count].http = connect_to(ports[peer_count], 0);
    }
}

void peers_post(const char *text, size_t length) {
    static char request[MOST_HEAD + MOST_BODY];
    if (length > MOST_BODY) fail("events of %zu bytes", length);
    for (uint32_t i = 0; i < peer_count; i++) {
        int head = snprintf(
            request, MOST_HEAD, "POST /fanout HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nContent-Length: %zu\r\n\r\n", peers[i].port,
            length);
        memcpy(request + head, text, length);
        send_all(peers[i].http, request, (size_t)head + length);
    }
}

void peers_await_answers(void) {
    for (uint32_t i = 0; i < peer_count; i++) read_answers(peers[i].http, 1);
}

void peers_close(void) {
    for (uint32_t i = 0; i < peer_count; i++) close(peers[i].http);
}
