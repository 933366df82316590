#define _GNU_SOURCE
#include "sockets.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "recording.h"

uint32_t ports_read(const char *list, uint16_t into[MOST_PORTS]) {
    uint32_t count = 0;
    for (char *next; *list && count < MOST_PORTS; list = *next ? next + 1 : next) into[count++] = (uint16_t)strtoul(list, &next, 10);
    return count;
}

int connect_to(uint16_t port, uint32_t source) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    // From several addresses: the ports of one would not do for many sockets.
    struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK + source)};
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&from, sizeof from) < 0) fail("bind");
    if (connect(fd, (struct sockaddr *)&to, sizeof to) < 0) fail("connect to port %u", port);
    return fd;
}

void send_all(int fd, const char *bytes, size_t length) {
    while (length) {
        ssize_t sent = send(fd, bytes, length, MSG_NOSIGNAL);
        if (sent < 0) fail("send");
        bytes += sent;
        length -= (size_t)sent;
    }
}

char *whole_answer(char *answer, size_t length, size_t *body_length) {
    char *blank = memmem(answer, length, "\r\n\r\n", 4);
    if (!blank) return NULL;
    char *field = memmem(answer, (size_t)(blank - answer), "\r\nContent-Length:", 17);
    if (!field) field = memmem(answer, (size_t)(blank - answer), "\r\ncontent-length:", 17);
    *body_length = field ? strtoul(field + 17, NULL, 10) : 0;
    if ((size_t)(answer + length - (blank + 4)) < *body_length) return NULL;
    if (strncmp(answer, "HTTP/1.1 2", 10) != 0) fail("answered: %.*s", (int)length, answer);
    return blank + 4;
}

void read_answers(int fd, uint32_t count) {
    static char answers[MOST_ANSWER];
    for (size_t received = 0; count;) {
        ssize_t more = recv(fd, answers + received, sizeof answers - 1 - received, 0);
        if (more <= 0) fail("a server closed a connection that owed %u answers", count);
        received += (size_t)more;
        answers[received] = 0;
        size_t length;
        for (char *body; count && (body = whole_answer(answers, received, &length)); count--) {
            size_t taken = (size_t)(body - answers) + length;
            received -= taken;
            memmove(answers, answers + taken, received + 1);
        }
    }
}

size_t upgrade_request(char *into, size_t room, const char *key, uint16_t port) {
    int length = snprintf(
        into, room,
        "GET /app/%s?protocol=7 HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
        key, port);
    if (length >= (int)room) fail("a key is too long");
    return (size_t)length;
}

size_t frame_text(char *into, const char *text, size_t length) {
    size_t head = 0;
    into[head++] = (char)0x81;
    if (length < 126) {
        into[head++] = (char)(0x80 | length);
    } else {
        into[head++] = (char)(0x80 | 126);
        into[head++] = (char)(length >> 8);
        into[head++] = (char)length;
    }
    memset(into + head, 0, 4);  // the mask
    memcpy(into + head + 4, text, length);
    return head + 4 + length;
}

int listen_on(uint16_t port) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(fd, SOMAXCONN) < 0) fail("listen on port %u", port);
    return fd;
}

int redis_connect(uint16_t port) {
    const char *password = getenv("REDIS_PASSWORD");
    char text[256];
    int redis = connect_to(port, 0);
    if (!password) return redis;
    send_all(redis, text, (size_t)snprintf(text, sizeof text, "*2\r\n$4\r\nAUTH\r\n$%zu\r\n%s\r\n", strlen(password), password));
    if (recv(redis, text, sizeof text, 0) != 5 || memcmp(text, "+OK\r\n", 5) != 0) fail("Redis does not take the password");
    return redis;
}
