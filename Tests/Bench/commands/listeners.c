#define _GNU_SOURCE
#include "listeners.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../driver/driver.h"
#include "sockets.h"

enum { MOST_TEXT = 2048 };

struct listener {
    int fd;
    uint64_t seq;  // of the last event
    size_t length;
    char *part;  // of a message, only while it is partial
};

uint64_t frames, frame_bytes, awaited, last_arrival;
uint32_t listener_count, behind;
static struct listener *listeners;
static int epoll_descriptor;
static const char *key;
// What stands before an event's number in its frame. Inside `data`, which is a text, the quotes are escaped: this is the frame's own.
static const char *mark = "\"seq\":";
static const uint16_t *listen_ports;
static uint32_t listen_port_count;

void listeners_start(const char *app_key, const uint16_t *ports, uint32_t count) {
    key = app_key;
    listen_ports = ports;
    listen_port_count = count;
    epoll_descriptor = epoll_create1(EPOLL_CLOEXEC);
    listeners = calloc(MOST_SOCKETS, sizeof *listeners);
    if (!listeners || epoll_descriptor < 0) fail("start");
}

void listeners_mark(const char *text) { mark = text; }

int poller(void) { return epoll_descriptor; }

void watch(int fd, uint32_t which) {
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = which};
    if (epoll_ctl(epoll_descriptor, EPOLL_CTL_ADD, fd, &event) < 0) fail("epoll_ctl");
}

void expect_event(uint64_t seq, uint32_t first, uint32_t end) {
    awaited = seq;
    behind = 0;
    last_arrival = 0;
    for (uint32_t i = first; i < end; i++) behind += listeners[i].seq < seq;
}

static void heard(struct listener *listener, const char *message, size_t length) {
    const char *seq = memmem(message, length, mark, strlen(mark));
    if (!seq) {
        if (memmem(message, length, "pusher:error", 12)) fail("a node said: %.*s", (int)length, message);
        return;
    }
    uint64_t number = strtoull(seq + strlen(mark), NULL, 10);
    if (memmem(message, length, "subscription_succeeded", 22)) {
        listener->seq = number;
        return;
    }
    if (number <= listener->seq) {
        fail("event %llu came after %llu", (unsigned long long)number, (unsigned long long)listener->seq);
    }
    if (listener->seq < awaited && number >= awaited) {
        behind--;
        last_arrival = nanoseconds();
    }
    listener->seq = number;
    frames++;
    frame_bytes += length;
}

static void pong(int fd, const char *payload, size_t length) {
    char frame[6 + 125] = {(char)0x8a, (char)(0x80 | length)};  // masked with zeros
    memcpy(frame + 6, payload, length);
    send_all(fd, frame, 6 + length);
}

// Takes whole frames from the front; returns how many bytes they took. `listener` has none of them yet.
static size_t take_frames(struct listener *listener, char *bytes, size_t count) {
    size_t at = 0;
    while (count - at >= 2) {
        const uint8_t *frame = (const uint8_t *)bytes + at;
        size_t head = 2, length = frame[1] & 127;
        if (length == 126) {
            if (count - at < 4) break;
            length = (size_t)frame[2] << 8 | frame[3];
            head = 4;
        } else if (length == 127) {
            fail("a message of more than 65535 bytes");
        }
        if (count - at < head + length) break;
        if (frame[0] == 0x81) heard(listener, bytes + at + head, length);
        else if (frame[0] == 0x89) pong(listener->fd, bytes + at + head, length);
        else if (frame[0] == 0x88 && length >= 2) {
            const uint8_t *code = frame + head;
            fail("a node closed a socket with %d: %.*s", code[0] << 8 | code[1], (int)length - 2, (const char *)code + 2);
        } else fail("unexpected frame %02x", frame[0]);
        at += head + length;
    }
    return at;
}

void listener_ready(uint32_t index) {
    struct listener *listener = &listeners[index];
    static char chunk[2 * MOST_MESSAGE];
    memcpy(chunk, listener->part, listener->length);
    ssize_t count = recv(listener->fd, chunk + listener->length, sizeof chunk - listener->length, MSG_DONTWAIT);
    if (count < 0 && errno == EAGAIN) return;
    if (count <= 0) fail("a node closed a socket");
    size_t whole = listener->length + (size_t)count, taken = take_frames(listener, chunk, whole);
    free(listener->part);
    listener->part = NULL;
    listener->length = whole - taken;
    if (!listener->length) return;
    listener->part = malloc(listener->length);
    memcpy(listener->part, chunk + taken, listener->length);
}

// Waits, while it blocks, until what is received holds a text; returns it with a zero behind it.
static char *await_text(int fd, const char *text) {
    static char received[MOST_MESSAGE];
    size_t length = 0;
    for (;;) {
        ssize_t count = recv(fd, received + length, sizeof received - 1 - length, 0);
        if (count <= 0) fail("a node closed a socket that waited for %s after: %s", text, received);
        length += (size_t)count;
        received[length] = 0;
        char *found = memmem(received, length, text, strlen(text));
        if (found) return found;
    }
}

// In one write, as clients do.
static void send_text(int fd, const char *text, size_t length) {
    char frame[8 + MOST_TEXT];
    if (length > MOST_TEXT) fail("a subscription of %zu bytes", length);
    send_all(fd, frame, frame_text(frame, text, length));
}

// Has the node sign a subscription; gives back the answer's object without its first brace.
static const char *signature(int http, uint16_t port, const struct template *template, const char *socket, const char *channel) {
    static char text[MOST_ANSWER];
    char body[512];
    int body_length = snprintf(body, sizeof body, "{\"socket_id\":\"%s\",\"channel_name\":\"%s\"}", socket, channel);
    int length = snprintf(
        text, sizeof text,
        "POST /broadcasting/auth HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nAuthorization: Bearer %s\r\n"
        "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
        port, template->token.at, body_length, body);
    send_all(http, text, (size_t)length);
    size_t received = 0, answer_length;
    char *answer = NULL;
    while (!answer) {
        ssize_t count = recv(http, text + received, sizeof text - 1 - received, 0);
        if (count <= 0) fail("a node closed a connection");
        received += (size_t)count;
        answer = whole_answer(text, received, &answer_length);
    }
    answer[answer_length] = 0;
    return answer + 1;
}

// Connects and waits for the greeting; gives back the socket's id.
static char *open_socket(uint32_t index, uint16_t port) {
    static char socket[64];
    char text[512];
    listeners[index].fd = connect_to(port, 1 + index % 4);
    send_all(listeners[index].fd, text, upgrade_request(text, sizeof text, key, port));
    char *id = await_text(listeners[index].fd, "\\\"socket_id\\\":\\\"") + 16;
    if (!strchr(id, '\\')) fail("a socket id in pieces");
    snprintf(socket, sizeof socket, "%.*s", (int)strcspn(id, "\\"), id);
    return socket;
}

static void open_listener(uint32_t index, int http, uint16_t port, const struct template *template) {
    struct listener *listener = &listeners[index];
    char text[2048];
    const char *channel = template->screen.at, *socket = open_socket(index, port);
    const char *rest = signature(http, port, template, socket, channel);
    int length = snprintf(
        text, sizeof text, "{\"event\":\"pusher:subscribe\",\"data\":{\"channel\":\"%s\",%s}", channel, rest);
    send_text(listener->fd, text, (size_t)length);
    char *seq = strstr(await_text(listener->fd, "subscription_succeeded"), "\"seq\":");
    if (seq) listener->seq = strtoull(seq + 6, NULL, 10);
    watch(listener->fd, index);
}

void listeners_open(uint32_t count, const struct template *templates, uint32_t template_count) {
    int https[MOST_PORTS];
    if (listener_count + count > MOST_SOCKETS) fail("at most %d sockets", MOST_SOCKETS);
    for (uint32_t i = 0; i < listen_port_count; i++) https[i] = connect_to(listen_ports[i], 0);
    for (uint32_t i = 0; i < count; i++, listener_count++) {
        uint32_t place = (listener_count / template_count) % listen_port_count;
        open_listener(
            listener_count, https[place], listen_ports[place], &templates[listener_count % template_count]);
    }
    for (uint32_t i = 0; i < listen_port_count; i++) close(https[i]);
}

void listeners_open_public(uint32_t count, const char *channel, bool is_numbered) {
    if (listener_count + count > MOST_SOCKETS) fail("at most %d sockets", MOST_SOCKETS);
    for (uint32_t i = 0; i < count; i++, listener_count++) {
        char text[256], name[128];
        if (is_numbered) snprintf(name, sizeof name, "%s%u", channel, i);
        else snprintf(name, sizeof name, "%s", channel);
        open_socket(listener_count, listen_ports[listener_count % listen_port_count]);
        int length = snprintf(text, sizeof text, "{\"event\":\"pusher:subscribe\",\"data\":{\"channel\":\"%s\"}}", name);
        send_text(listeners[listener_count].fd, text, (size_t)length);
        await_text(listeners[listener_count].fd, "subscription_succeeded");
        watch(listeners[listener_count].fd, listener_count);
    }
}

// A socket of the peer: it hears whatever is posted.
static void open_peer_listener(uint32_t index, uint16_t port) {
    char text[512];
    listeners[index].fd = connect_to(port, 1 + index % 4);
    int length = snprintf(
        text, sizeof text,
        "GET /fanout HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
        port);
    send_all(listeners[index].fd, text, (size_t)length);
    await_text(listeners[index].fd, "\r\n\r\n");
    watch(listeners[index].fd, index);
}

void listeners_open_peer(uint32_t count, const uint16_t *ports, uint32_t port_count) {
    if (listener_count + count > MOST_SOCKETS) fail("at most %d sockets", MOST_SOCKETS);
    for (uint32_t i = 0; i < count; i++) open_peer_listener(listener_count++, ports[i % port_count]);
}

void listeners_turn(int milliseconds) {
    static struct epoll_event events[1024];
    int ready = epoll_wait(epoll_descriptor, events, 1024, milliseconds);
    if (ready < 0 && errno != EINTR) fail("epoll_wait");
    if (ready == 0) fail("nothing moves any more: %u sockets lack event %llu", behind, (unsigned long long)awaited);
    for (int i = 0; i < ready; i++) listener_ready(events[i].data.u32);
    errno = 0;
}
