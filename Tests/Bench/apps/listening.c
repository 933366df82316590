// listening: the least that a single thread must do between Redis and the sockets of an app, and what a node that only listens is
// measured against.
//
//   listening --app ID:KEY:SECRET --port P --redis-port P
//
// Prints `ready` when it has subscribed to the app's 64 shares and listens on 127.0.0.1:P. It greets and subscribes the sockets that
// this folder's driver opens, one channel each, and for each event that nodes tell each other looks up the channel and calls send() once
// for each of its sockets. No limits, no keepalive, no checks of what a peer says, no memory that ends; sockets leave with the program.
// The environment's REDIS_PASSWORD is Redis's, if it wants one.

#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
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
#include "signing.h"

enum { SHARES = 64, MOST_DESCRIPTORS = 20000, MOST_EVENTS = 512, MOST_MESSAGE = 64 << 10, BUCKETS = 1 << 14, MOST_NAME = 64 };
// A cast of ours: its kind, the sender, the channel's length, the channel, the message (AppCast.swift).
enum { CAST_HEAD = 11 };

struct channel {
    struct channel *next;
    size_t name_length;
    char name[MOST_NAME];
    uint32_t count, room;
    int *sockets;
};

static struct channel *buckets[BUCKETS];
static bool is_upgraded[MOST_DESCRIPTORS];
static char replies[1 << 20];
static size_t reply_length;
static int redis, poller_descriptor;

static void watch_descriptor(int fd) {
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    if (epoll_ctl(poller_descriptor, EPOLL_CTL_ADD, fd, &event) < 0) fail("epoll_ctl");
}

static struct channel **find(const char *name, size_t length) {
    uint64_t hash = 1469598103934665603u;
    for (size_t i = 0; i < length; i++) hash = (hash ^ (uint8_t)name[i]) * 1099511628211u;
    struct channel **found = &buckets[hash % BUCKETS];
    while (*found && ((*found)->name_length != length || memcmp((*found)->name, name, length) != 0)) found = &(*found)->next;
    return found;
}

static void enter(int fd, const char *name, size_t length) {
    if (length > MOST_NAME) fail("a channel's name has %zu bytes", length);
    struct channel **found = find(name, length);
    if (!*found) {
        *found = calloc(1, sizeof **found);
        (*found)->name_length = length;
        memcpy((*found)->name, name, length);
    }
    struct channel *channel = *found;
    if (channel->count == channel->room) {
        channel->room = channel->room ? 2 * channel->room : 1;
        channel->sockets = realloc(channel->sockets, channel->room * sizeof *channel->sockets);
    }
    channel->sockets[channel->count++] = fd;
}

// A server's text frame; says how long it is.
static size_t frame(char *into, const char *text, size_t length) {
    size_t head = 2;
    into[0] = (char)0x81;
    if (length < 126) {
        into[1] = (char)length;
    } else {
        into[1] = 126;
        into[2] = (char)(length >> 8);
        into[3] = (char)length;
        head = 4;
    }
    memcpy(into + head, text, length);
    return head + length;
}

static void tell(const char *cast, size_t length) {
    static char bytes[MOST_MESSAGE + 4];
    if (length < CAST_HEAD) fail("a cast of %zu bytes", length);
    size_t name_length = (size_t)(uint8_t)cast[9] << 8 | (uint8_t)cast[10];
    if (length < CAST_HEAD + name_length || length > MOST_MESSAGE) fail("a cast of %zu bytes", length);
    struct channel *channel = *find(cast + CAST_HEAD, name_length);
    if (!channel) return;
    size_t count = frame(bytes, cast + CAST_HEAD + name_length, length - CAST_HEAD - name_length);
    for (uint32_t i = 0; i < channel->count; i++) {
        if (send(channel->sockets[i], bytes, count, MSG_DONTWAIT | MSG_NOSIGNAL) != (ssize_t)count) fail("send");
    }
}

// `$LENGTH\r\n…\r\n` at `at`; false while it is not whole.
static bool take_string(size_t *at, const char **text, size_t *length) {
    char *end = memchr(replies + *at, '\n', reply_length - *at);
    if (!end) return false;
    if (replies[*at] != '$') fail("Redis said: %.*s", (int)(reply_length - *at), replies + *at);
    *length = strtoul(replies + *at + 1, NULL, 10);
    *text = end + 1;
    if ((size_t)(replies + reply_length - *text) < *length + 2) return false;
    *at = (size_t)(*text - replies) + *length + 2;
    return true;
}

// One array of three; says whether it was whole. Where there are two strings and a number, a subscription was confirmed.
static bool take_reply(size_t *at) {
    const char *word, *channel, *message;
    size_t word_length, channel_length, length, next = *at + 4;
    if (reply_length < next) return false;
    if (memcmp(replies + *at, "*3\r\n", 4) != 0) fail("Redis said: %.*s", (int)(reply_length - *at), replies + *at);
    if (!take_string(&next, &word, &word_length) || !take_string(&next, &channel, &channel_length) || next == reply_length) return false;
    if (replies[next] == ':') {
        char *end = memchr(replies + next, '\n', reply_length - next);
        if (!end) return false;
        next = (size_t)(end + 1 - replies);
    } else {
        if (!take_string(&next, &message, &length)) return false;
        tell(message, length);
    }
    *at = next;
    return true;
}

static void receive_from_redis(void) {
    // As much at once as a node reads.
    size_t room = sizeof replies - reply_length, most = 64 << 10;
    ssize_t count = recv(redis, replies + reply_length, room < most ? room : most, MSG_DONTWAIT);
    if (count < 0 && errno == EAGAIN) return;
    if (count <= 0) fail("Redis closed the connection");
    reply_length += (size_t)count;
    size_t at = 0;
    while (at < reply_length && take_reply(&at)) {}
    reply_length -= at;
    memmove(replies, replies + at, reply_length);
}

// The driver sends one thing at a time, whole: the upgrade, then the subscription.
static void receive(int fd) {
    static const char upgraded[] =
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";  // RFC 6455 1.3, for the key that the driver sends
    static const char greeting[] = "{\"event\":\"pusher:connection_established\",\"data\":\"{\\\"socket_id\\\":\\\"1.1\\\"}\"}";
    static const char before[] = "\"channel\":\"";
    char text[4096], answer[1024];
    ssize_t count = recv(fd, text, sizeof text - 1, MSG_DONTWAIT);
    if (count < 0 && errno == EAGAIN) return;
    if (count <= 0) fail("a socket left");
    if (!is_upgraded[fd]) {
        memcpy(answer, upgraded, sizeof upgraded - 1);
        send_all(fd, answer, sizeof upgraded - 1 + frame(answer + sizeof upgraded - 1, greeting, sizeof greeting - 1));
        is_upgraded[fd] = true;
        return;
    }
    char *name = memmem(text, (size_t)count, before, sizeof before - 1);
    if (!name) return;  // a pong
    name += sizeof before - 1;
    enter(fd, name, strcspn(name, "\""));
    static const char succeeded[] = "{\"event\":\"pusher_internal:subscription_succeeded\",\"data\":\"{}\"}";
    send_all(fd, answer, frame(answer, succeeded, sizeof succeeded - 1));
}

static void accept_all(int listener) {
    int on = 1;
    for (int fd; (fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) >= 0;) {
        if (fd >= MOST_DESCRIPTORS) fail("too many connections");
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        watch_descriptor(fd);
    }
}

static void subscribe(const struct app *app) {
    for (int share = 0; share < SHARES; share++) {
        char name[128], text[256];
        int length = snprintf(name, sizeof name, "bellhop:app:%s:%d", app->id, share);
        send_all(redis, text, (size_t)snprintf(text, sizeof text, "*2\r\n$9\r\nSUBSCRIBE\r\n$%d\r\n%s\r\n", length, name));
    }
}

int main(int count, char **arguments) {
    static const struct option options[] = {{"app", 1, 0, 'a'}, {"port", 1, 0, 'p'}, {"redis-port", 1, 0, 'r'}, {0}};
    struct app app = {0};
    int port = 0, redis_port = 0;
    for (int option; (option = getopt_long(count, arguments, "", options, NULL)) != -1;) switch (option) {
        case 'a': app = app_read(optarg); break;
        case 'p': port = atoi(optarg); break;
        case 'r': redis_port = atoi(optarg); break;
        default: return 64;
        }
    if (!app.id || !port || !redis_port) {
        fputs("usage: listening --app ID:KEY:SECRET --port P --redis-port P\n", stderr);
        return 64;
    }
    poller_descriptor = epoll_create1(EPOLL_CLOEXEC);
    redis = redis_connect((uint16_t)redis_port);
    subscribe(&app);
    int listener = listen_on((uint16_t)port);
    watch_descriptor(redis);
    watch_descriptor(listener);
    puts("ready");
    fflush(stdout);
    for (;;) {
        static struct epoll_event events[MOST_EVENTS];
        int ready = epoll_wait(poller_descriptor, events, MOST_EVENTS, -1);
        if (ready < 0 && errno != EINTR) fail("epoll_wait");
        for (int i = 0; i < ready; i++) {
            int fd = events[i].data.fd;
            if (fd == listener) accept_all(listener);
            else if (fd == redis) receive_from_redis();
            else receive(fd);
        }
    }
}
