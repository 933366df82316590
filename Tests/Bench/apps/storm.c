#define _GNU_SOURCE
#include "storm.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../commands/recording.h"
#include "../commands/sockets.h"

// pusher-js calls a connection unavailable after ten seconds. Nobody waits for longer than PATIENCE.
enum { TIMEOUT = 10, PATIENCE = 120, SOURCES = 16, AT_ONCE = 64, MOST_EVENTS = 1024 };

enum stage { CONNECTING, GREETED, SUBSCRIBING, SUBSCRIBED };

struct client {
    int fd;
    enum stage stage;
    uint64_t began;
    size_t length;
    char received[1024];
};

static struct client *clients;
static const struct app *app;
static uint16_t port;
static uint32_t subscribed, timeouts;
static int poller_descriptor;

static void begin(uint32_t index) {
    struct client *client = &clients[index];
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1;
    struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + index % SOURCES)};
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    client->fd = fd;
    client->stage = CONNECTING;
    client->began = nanoseconds();
    client->length = 0;
    if (fd < 0 || bind(fd, (struct sockaddr *)&from, sizeof from) < 0) fail("socket %u", index);
    if (connect(fd, (struct sockaddr *)&to, sizeof to) < 0 && errno != EINPROGRESS) fail("connect");
    struct epoll_event event = {.events = EPOLLOUT, .data.u32 = index};
    if (epoll_ctl(poller_descriptor, EPOLL_CTL_ADD, fd, &event) < 0) fail("epoll_ctl");
}

static void connected(struct client *client, uint32_t index) {
    int reason = 0;
    socklen_t size = sizeof reason;
    getsockopt(client->fd, SOL_SOCKET, SO_ERROR, &reason, &size);
    errno = reason;
    if (reason) fail("a socket could not connect");
    char text[512];
    send_all(client->fd, text, upgrade_request(text, sizeof text, app->key, port));
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = index};
    if (epoll_ctl(poller_descriptor, EPOLL_CTL_MOD, client->fd, &event) < 0) fail("epoll_ctl");
    client->stage = GREETED;
}

// Signs a private channel for this socket as the app's back end would, and subscribes to it.
static void subscribe(struct client *client, const char *id) {
    char text[512], frame[512 + MOST_TEXT_HEAD], signature[HEX_LENGTH + 1];
    int length = snprintf(text, sizeof text, "%.*s:private-storm", (int)strcspn(id, "\\"), id);
    sign(signature, text, (size_t)length);
    length = snprintf(
        text, sizeof text, "{\"event\":\"pusher:subscribe\",\"data\":{\"channel\":\"private-storm\",\"auth\":\"%s:%s\"}}", app->key,
        signature);
    send_all(client->fd, frame, frame_text(frame, text, (size_t)length));
    client->stage = SUBSCRIBING;
    client->length = 0;
}

static void heard(struct client *client) {
    ssize_t count = recv(client->fd, client->received + client->length, sizeof client->received - 1 - client->length, 0);
    if (count < 0 && errno == EAGAIN) return;
    if (count <= 0) fail("a socket was closed after: %s", client->received);
    if (client->stage == SUBSCRIBED) return;
    client->length += (size_t)count;
    client->received[client->length] = 0;
    // Behind the head there are frames, whose heads may hold zeros.
    if (client->stage == GREETED) {
        char *id = memmem(client->received, client->length, "\\\"socket_id\\\":\\\"", 16);
        if (client->length >= 10 && memcmp(client->received, "HTTP/1.1 1", 10) != 0) fail("answered: %s", client->received);
        if (id && memchr(id + 16, '\\', client->length - (size_t)(id + 16 - client->received))) subscribe(client, id + 16);
    } else if (client->stage == SUBSCRIBING) {
        if (memmem(client->received, client->length, "subscription_error", 18)) fail("a subscription was refused");
        if (!memmem(client->received, client->length, "subscription_succeeded", 22)) return;
        client->stage = SUBSCRIBED;
        uint64_t taken = nanoseconds() - client->began;
        samples_add(taken);
        timeouts += taken > TIMEOUT * 1000000000ull;
        subscribed++;
    }
}

static void turn_clients(int milliseconds) {
    static struct epoll_event events[MOST_EVENTS];
    int ready = epoll_wait(poller_descriptor, events, MOST_EVENTS, milliseconds);
    if (ready < 0 && errno != EINTR) fail("epoll_wait");
    for (int i = 0; i < ready; i++) {
        struct client *client = &clients[events[i].data.u32];
        if (client->stage == CONNECTING) connected(client, events[i].data.u32);
        else heard(client);
    }
    errno = 0;
}

static void come(uint32_t count) {
    uint64_t until = nanoseconds() + PATIENCE * 1000000000ull;
    subscribed = timeouts = 0;
    samples_clear();
    for (uint32_t i = 0; i < count; i++) {
        begin(i);
        // As fast as they can, but not so that one has to wait until the last one has begun.
        if (i % AT_ONCE == 0) turn_clients(0);
    }
    while (subscribed < count) {
        turn_clients(1000);
        if (nanoseconds() > until) fail("%u of %u sockets are not back after %d s", count - subscribed, count, PATIENCE);
    }
}

void storm(const struct app *for_app, uint16_t at_port, uint32_t count, uint32_t rounds) {
    app = for_app;
    port = at_port;
    clients = calloc(count, sizeof *clients);
    poller_descriptor = epoll_create1(EPOLL_CLOEXEC);
    if (!clients || poller_descriptor < 0) fail("start");
    come(count);
    for (uint32_t round = 0; round < rounds; round++) {
        costs_begin();
        uint64_t started = nanoseconds();
        for (uint32_t i = 0; i < count; i++) close(clients[i].fd);
        double closed = (double)(nanoseconds() - started) / 1e9;
        come(count);
        double seconds = (double)(nanoseconds() - started) / 1e9;
        costs_end();
        printf(
            "{\"phase\":\"storm\",\"sockets\":%u,\"closed_s\":%.3f,\"seconds\":%.3f,\"timeouts\":%u", count, closed, seconds, timeouts);
        samples_print("subscribed_");
        costs_print();
        puts("}");
        fflush(stdout);
    }
    for (uint32_t i = 0; i < count; i++) close(clients[i].fd);
    close(poller_descriptor);
    free(clients);
}
