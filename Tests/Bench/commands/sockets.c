#define _GNU_SOURCE
#include "sockets.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "recording.h"

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
