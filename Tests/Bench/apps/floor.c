// floor: the least that a single thread must do for `POST /apps/{id}/events`, and what a node is measured against.
//
//   floor --app ID:KEY:SECRET --port P --redis-port P --answer-bytes N
//
// Prints `ready` when it listens on 127.0.0.1:P. It takes what this folder's driver sends and nothing else: the body by its
// length, its MD5, the HMAC-SHA-256 of the query as it stands there, both compared; then one PUBLISH of the frame that subscribers
// would read, pipelined, written once per turn, and an answer of as many bytes as a node sends. No limits, no other order of the
// query, no JSON, no clock. The environment's REDIS_PASSWORD is Redis's, if it wants one.

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

enum { MOST_DESCRIPTORS = 20000, MOST_REQUEST = 4096, MOST_EVENTS = 512, MOST_WAITING = 1 << 20 };

struct connection {
    size_t length;
    char text[MOST_REQUEST];
};

static struct connection *connections[MOST_DESCRIPTORS];
static struct app app;
static char prefix[256];        // of a request
static char signed_prefix[256];  // of what is signed
static char answer[4096];
static size_t answer_length;
static char waiting[MOST_WAITING];  // for Redis
static size_t waiting_length;
static int redis, poller_descriptor;

static void watch_descriptor(int fd) {
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    if (epoll_ctl(poller_descriptor, EPOLL_CTL_ADD, fd, &event) < 0) fail("epoll_ctl");
}

// The value behind a name that must stand there.
static const char *value(const char *query, const char *end, const char *name) {
    const char *found = memmem(query, (size_t)(end - query), name, strlen(name));
    if (!found) fail("a request without %s", name);
    return found + strlen(name);
}

static void publish(const char *body, size_t length) {
    // {"name":NAME,"channel":CHANNEL,"data":DATA}: what a subscriber reads is the same with another first name.
    static const char name[] = "{\"name\":", event[] = "{\"event\":";
    if (length < sizeof name || memcmp(body, name, sizeof name - 1) != 0) fail("another event: %.*s", (int)length, body);
    size_t rest = length - (sizeof name - 1);
    if (waiting_length + length + 256 > sizeof waiting) fail("Redis does not keep up");
    waiting_length += (size_t)sprintf(
        waiting + waiting_length, "*3\r\n$7\r\nPUBLISH\r\n$11\r\nbench:floor\r\n$%zu\r\n", rest + sizeof event - 1);
    memcpy(waiting + waiting_length, event, sizeof event - 1);
    waiting_length += sizeof event - 1;
    memcpy(waiting + waiting_length, body + sizeof name - 1, rest);
    waiting_length += rest;
    memcpy(waiting + waiting_length, "\r\n", 2);
    waiting_length += 2;
}

// Answers the request at the front; says how many bytes it took, 0 while it is not whole.
static size_t serve(int fd, const char *text, size_t length) {
    const char *blank = memmem(text, length, "\r\n\r\n", 4);
    if (!blank) return 0;
    size_t body_length = strtoul(value(text, blank, "\r\nContent-Length: "), NULL, 10);
    const char *body = blank + 4, *query = text + strlen(prefix);
    if ((size_t)(text + length - body) < body_length) return 0;
    if (memcmp(text, prefix, strlen(prefix)) != 0) fail("another request: %.100s", text);
    const char *query_end = memchr(query, ' ', (size_t)(blank - query));
    const char *sum = value(query, query_end, "&body_md5="), *signature = value(query, query_end, "&auth_signature=");
    const char *signed_end = signature - strlen("&auth_signature=");
    char md5[MD5_HEX_LENGTH + 1], code[HEX_LENGTH + 1], to_sign[1024];
    md5_of(md5, body, body_length);
    size_t head = strlen(signed_prefix), query_length = (size_t)(signed_end - query);
    if (head + query_length > sizeof to_sign) fail("a query of %zu bytes", query_length);
    memcpy(to_sign, signed_prefix, head);
    memcpy(to_sign + head, query, query_length);
    sign(code, to_sign, head + query_length);
    if (memcmp(md5, sum, MD5_HEX_LENGTH) != 0 || memcmp(code, signature, HEX_LENGTH) != 0) fail("a signature is wrong");
    publish(body, body_length);
    send_all(fd, answer, answer_length);
    return (size_t)(body - text) + body_length;
}

static void receive(int fd) {
    struct connection *connection = connections[fd];
    ssize_t count = recv(fd, connection->text + connection->length, MOST_REQUEST - connection->length, MSG_DONTWAIT);
    if (count < 0 && errno == EAGAIN) return;
    if (count <= 0) {
        close(fd);
        return;
    }
    connection->length += (size_t)count;
    size_t at = 0;
    for (size_t taken; (taken = serve(fd, connection->text + at, connection->length - at)); at += taken) {}
    connection->length -= at;
    memmove(connection->text, connection->text + at, connection->length);
}

// Redis answers with a number of receivers each.
static void receive_from_redis(void) {
    char replies[1 << 16];
    ssize_t count = recv(redis, replies, sizeof replies, MSG_DONTWAIT);
    if (count == 0 || (count < 0 && errno != EAGAIN)) fail("Redis closed the connection");
    if (count > 0 && memchr(replies, '-', (size_t)count)) fail("Redis refused: %.*s", (int)count, replies);
}

static void accept_all(int listener) {
    int on = 1;
    for (int fd; (fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) >= 0;) {
        if (fd >= MOST_DESCRIPTORS) fail("too many connections");
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        if (!connections[fd]) connections[fd] = malloc(sizeof **connections);
        connections[fd]->length = 0;
        watch_descriptor(fd);
    }
}

static void prepare(size_t answer_bytes) {
    snprintf(prefix, sizeof prefix, "POST /apps/%s/events?", app.id);
    snprintf(signed_prefix, sizeof signed_prefix, "POST\n/apps/%s/events\n", app.id);
    static const char begun[] = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\nX: ", ended[] = "\r\n\r\n{}";
    size_t own = sizeof begun + sizeof ended - 2;
    if (answer_bytes <= own || answer_bytes > sizeof answer) fail("answers of %zu bytes", answer_bytes);
    memset(answer, 'x', answer_bytes);
    memcpy(answer, begun, sizeof begun - 1);
    memcpy(answer + answer_bytes - (sizeof ended - 1), ended, sizeof ended - 1);
    answer_length = answer_bytes;
}

int main(int count, char **arguments) {
    static const struct option options[] = {{"app", 1, 0, 'a'}, {"port", 1, 0, 'p'}, {"redis-port", 1, 0, 'r'},
                                            {"answer-bytes", 1, 0, 'b'}, {0}};
    int port = 0, redis_port = 0, answer_bytes = 0;
    for (int option; (option = getopt_long(count, arguments, "", options, NULL)) != -1;) switch (option) {
        case 'a': app = app_read(optarg); break;
        case 'p': port = atoi(optarg); break;
        case 'r': redis_port = atoi(optarg); break;
        case 'b': answer_bytes = atoi(optarg); break;
        default: return 64;
        }
    if (!app.id || !port || !redis_port || !answer_bytes) {
        fputs("usage: floor --app ID:KEY:SECRET --port P --redis-port P --answer-bytes N\n", stderr);
        return 64;
    }
    poller_descriptor = epoll_create1(EPOLL_CLOEXEC);
    signing_start(&app);
    prepare((size_t)answer_bytes);
    redis = redis_connect((uint16_t)redis_port);
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
        if (waiting_length) send_all(redis, waiting, waiting_length);
        waiting_length = 0;
    }
}
