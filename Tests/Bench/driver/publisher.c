// The one connection that publishes: pipelined POSTs on keep-alive HTTP/1.1.

#define _GNU_SOURCE
#include "driver.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAX_OUTPUT = 8 << 20, MAX_INPUT = 64 << 10 };

static struct publisher_config config;
static int fd = -1;
static char output[MAX_OUTPUT], input[MAX_INPUT];
static size_t output_start, output_end, input_length;
static size_t body_left;  // of the answer that is being skipped
static uint64_t posted, answered;

static void open_connection(void) {
    fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int on = 1;
    if (connect(fd, (struct sockaddr *)&config.server, sizeof config.server) < 0) fail("connect the publisher");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.u32 = PUBLISHER};
    if (epoll_ctl(poller(), EPOLL_CTL_ADD, fd, &event) < 0) fail("epoll_ctl");
}

static void flush(void) {
    while (output_start < output_end) {
        ssize_t sent = send(fd, output + output_start, output_end - output_start, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno == EAGAIN) return;
        if (sent < 0) fail("publish");
        output_start += (size_t)sent;
    }
    output_start = output_end = 0;
}

void publisher_start(const struct publisher_config *wanted) {
    config = *wanted;
    open_connection();
}

void publisher_post(uint64_t sequence, uint32_t count, uint64_t due) {
    publisher_ready(EPOLLIN);  // notices that the server closed the idle connection
    if (fd < 0) open_connection();
    posted += count;
    for (uint32_t i = 0; i < count; i++) {
        if (MAX_OUTPUT - output_end < MAX_PAYLOAD + 512) fail("the server takes no more POSTs");
        output_end += (size_t)snprintf(
            output + output_end, 512, "POST %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nContent-Length: %zu\r\n\r\n", config.path,
            ntohs(config.server.sin_port), payload_length());
        payload_write(output + output_end, sequence + i, due);
        output_end += payload_length();
    }
    flush();
}

// Takes one answer's head from the front of [at, end); NULL if it is not whole.
static const char *take_head(const char *at, const char *end) {
    const char *blank = memmem(at, (size_t)(end - at), "\r\n\r\n", 4);
    if (!blank) return NULL;
    if (blank - at < 12 || memcmp(at, "HTTP/1.1 2", 10) != 0) {
        fail("a POST was answered: %.*s", (int)(strcspn(at, "\r")), at);
    }
    for (const char *line = memchr(at, '\n', (size_t)(blank - at)); line; line = memchr(line, '\n', (size_t)(blank - line))) {
        line++;
        if (strncasecmp(line, "content-length:", 15) == 0) body_left = strtoul(line + 15, NULL, 10);
        if (strncasecmp(line, "transfer-encoding:", 18) == 0) fail("a POST was answered in chunks");
    }
    return blank + 4;
}

void publisher_ready(uint32_t events) {
    if (fd < 0) return;
    if (events & EPOLLOUT) flush();
    if (!(events & ~(uint32_t)EPOLLOUT)) return;
    for (;;) {
        ssize_t count = recv(fd, input + input_length, sizeof input - input_length, MSG_DONTWAIT);
        if (count < 0 && errno == EAGAIN) return;
        if (count <= 0) {
            // RFC 9112 9.8: an idle connection may be closed at any time; one that owes answers may not.
            if (posted != answered) fail("the server closed the publisher's connection");
            close(fd);
            fd = -1;
            return;
        }
        const char *at = input, *end = input + input_length + count, *next;
        while (at < end) {
            if (body_left) {
                size_t skipped = body_left < (size_t)(end - at) ? body_left : (size_t)(end - at);
                body_left -= skipped;
                at += skipped;
                continue;
            }
            if (!(next = take_head(at, end))) break;
            answered++;
            at = next;
        }
        input_length = (size_t)(end - at);
        if (input_length == sizeof input) fail("an answer's head is too long");
        memmove(input, at, input_length);
    }
}

uint64_t publisher_answered(void) { return answered; }
