// The subscribers: WebSocket clients that check every byte, and that each sees every event once and in order.

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

enum { MAX_CLIENTS = 1 << 20, MAX_ANSWER = 1024, MAX_HEADER = 10, MAX_CONTROL = 125 };
enum { CHUNK = 256 << 10 };

enum state { CONNECTING, HANDSHAKE, HEADER, STAMP, BODY, CONTROL };

struct client {
    int fd;
    uint8_t state;
    uint8_t opcode;
    uint8_t have;         // bytes of `part`
    uint32_t left;        // bytes of the payload that are still to come
    uint32_t gaps;        // events skipped so far, which may yet come late
    uint64_t next;        // the event that must come next
    uint64_t sequence, due;  // of the frame that is being read
    char *answer;         // of the handshake, only while it is partial
    size_t answer_length;
    uint8_t part[MAX_CONTROL + MAX_HEADER];
};

static struct clients_config config;
static struct client *clients;
static uint32_t client_count, open_count;
static uint64_t first_sequence;
static struct delivery seen;
static uint32_t *samples;
static size_t sample_capacity, sample_count;
static uint64_t now;

// RFC 6455 1.3: this key and its answer.
static const char KEY[] = "dGhlIHNhbXBsZSBub25jZQ==", ACCEPT[] = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

void clients_start(const struct clients_config *wanted) {
    config = *wanted;
    clients = calloc(MAX_CLIENTS, sizeof *clients);
    if (!clients) fail("memory for clients");
}

uint32_t clients_count(void) { return open_count; }

static void watch(int operation, uint32_t index, uint32_t events) {
    struct epoll_event event = {.events = events, .data.u32 = index};
    if (epoll_ctl(poller(), operation, clients[index].fd, &event) < 0) fail("epoll_ctl");
}

static void begin(uint32_t index) {
    struct client *client = &clients[index];
    *client = (struct client){.state = CONNECTING, .next = first_sequence};
    client->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (client->fd < 0) fail("socket number %u", index);
    if (config.sources > 1) {
        int on = 1;
        struct sockaddr_in source = {
            .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK + index % config.sources)};
        setsockopt(client->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
        if (bind(client->fd, (struct sockaddr *)&source, sizeof source) < 0) fail("bind");
    }
    int status = connect(client->fd, (struct sockaddr *)&config.server, sizeof config.server);
    if (status < 0 && errno != EINPROGRESS) fail("connect socket number %u", index);
    watch(EPOLL_CTL_ADD, index, EPOLLOUT);
}

static void request(uint32_t index) {
    struct client *client = &clients[index];
    int problem = 0;
    socklen_t size = sizeof problem;
    getsockopt(client->fd, SOL_SOCKET, SO_ERROR, &problem, &size);
    if (problem) errno = problem, fail("connect socket number %u", index);
    char text[512];
    int length = snprintf(
        text, sizeof text,
        "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: %s\r\nSec-WebSocket-Version: 13\r\n\r\n",
        config.path, ntohs(config.server.sin_port), KEY);
    if (send(client->fd, text, (size_t)length, MSG_NOSIGNAL) != length) fail("handshake");
    client->state = HANDSHAKE;
    watch(EPOLL_CTL_MOD, index, EPOLLIN);
}

// Takes the handshake's answer; returns the bytes of [bytes, bytes + count) that belong to it.
static size_t accepted(struct client *client, const uint8_t *bytes, size_t count) {
    size_t before = client->answer_length;
    if (!client->answer) client->answer = calloc(1, MAX_ANSWER + 1);
    size_t taken = count < MAX_ANSWER - before ? count : MAX_ANSWER - before;
    memcpy(client->answer + before, bytes, taken);
    client->answer_length += taken;
    char *blank = memmem(client->answer, client->answer_length, "\r\n\r\n", 4);
    if (!blank) {
        if (client->answer_length == MAX_ANSWER) fail("the handshake's answer is too long");
        return count;
    }
    blank[2] = 0;
    const char *accept = strcasestr(client->answer, "\nsec-websocket-accept:");
    if (strncmp(client->answer, "HTTP/1.1 101 ", 13) != 0 || !accept || !strstr(accept, ACCEPT)) {
        fail("the handshake was answered: %s", client->answer);
    }
    size_t length = (size_t)(blank + 4 - client->answer);
    free(client->answer);
    client->answer = NULL;
    client->state = HEADER;
    open_count++;
    return length - before;
}

static void record(struct client *client, uint64_t sequence, uint64_t due) {
    seen.frames++;
    if (samples && sample_count < sample_capacity) {
        uint64_t late = now > due ? (now - due) / 1000 : 0;
        samples[sample_count++] = late < UINT32_MAX ? (uint32_t)late : UINT32_MAX;
    }
    if (sequence == client->next) {
        client->next++;
    } else if (sequence > client->next) {
        seen.lost += sequence - client->next;
        client->gaps += (uint32_t)(sequence - client->next);
        client->next = sequence + 1;
    } else if (client->gaps) {
        client->gaps--;
        seen.lost--;
        seen.disorder++;
    } else {
        seen.duplicates++;
    }
}

// RFC 6455 5.2 and 5.5: what the header in `part` announces.
static void header_is_whole(struct client *client) {
    const uint8_t *part = client->part;
    uint64_t length = part[1] & 127;
    client->opcode = part[0] & 15;
    if (length == 126) length = (uint64_t)part[2] << 8 | part[3];
    else if (length == 127) fail("a frame of more than 65535 bytes");
    bool is_text = part[0] == 0x81 && length == payload_length();
    bool is_control = (part[0] & 0xf8) == 0x88 && length <= MAX_CONTROL;
    if ((!is_text && !is_control) || part[1] & 128) {
        fail("unexpected frame %02x %02x with %llu bytes", part[0], part[1], (unsigned long long)length);
    }
    client->left = (uint32_t)length;
    client->have = 0;
    client->state = is_text ? STAMP : CONTROL;
}

static void control_is_whole(struct client *client) {
    uint8_t pong[6 + MAX_CONTROL] = {0x8a, (uint8_t)(0x80 | client->have)};
    if (client->opcode == 8) fail("the server closed a WebSocket with code %d", client->part[0] << 8 | client->part[1]);
    // RFC 6455 5.3: masked, with a key of zeros.
    memcpy(pong + 6, client->part, client->have);
    if (client->opcode == 9) send(client->fd, pong, 6u + client->have, MSG_DONTWAIT | MSG_NOSIGNAL);
    client->have = 0;
    client->state = HEADER;
}

// Collects into `part` until it has `need` bytes; returns how many it took.
static size_t collect(struct client *client, const uint8_t *bytes, size_t count, size_t need) {
    size_t missing = need - client->have, taken = count < missing ? count : missing;
    memcpy(client->part + client->have, bytes, taken);
    client->have += (uint8_t)taken;
    return taken;
}

static size_t part_of_frame(struct client *client, const uint8_t *bytes, size_t count) {
    size_t taken = 0, need;
    switch ((enum state)client->state) {
    case CONNECTING: fail("bytes before the handshake");
    case HANDSHAKE: return accepted(client, bytes, count);
    case HEADER:
        need = client->have < 2 ? 2 : (client->part[1] & 127) == 126 ? 4 : 2;
        taken = collect(client, bytes, count, need);
        if (client->have == 2 && (client->part[1] & 127) == 126) break;
        if (client->have == need) header_is_whole(client);
        if (client->state == CONTROL && client->left == 0) control_is_whole(client);
        break;
    case STAMP:
        taken = collect(client, bytes, count, STAMP_LENGTH);
        if (client->have < STAMP_LENGTH) break;
        if (!payload_read((char *)client->part, &client->sequence, &client->due)) fail("a text that was never sent");
        client->left -= STAMP_LENGTH;
        client->have = 0;
        client->state = BODY;
        break;
    case BODY:
        taken = count < client->left ? count : client->left;
        if (!payload_matches(bytes, payload_length() - client->left, taken)) fail("a damaged text");
        client->left -= (uint32_t)taken;
        if (client->left) break;
        record(client, client->sequence, client->due);
        client->state = HEADER;
        break;
    case CONTROL:
        taken = collect(client, bytes, count, client->left);
        if (client->have == client->left) control_is_whole(client);
        break;
    }
    return taken;
}

// The usual case: a whole frame in one piece.
static size_t whole_frame(struct client *client, const uint8_t *bytes, size_t count) {
    size_t length = payload_length(), start = length < 126 ? 2 : 4;
    if (client->state != HEADER || client->have || count < start + length || bytes[0] != 0x81) return 0;
    if (start == 2 ? bytes[1] != length : bytes[1] != 126 || (size_t)(bytes[2] << 8 | bytes[3]) != length) return 0;
    uint64_t sequence, due;
    if (!payload_read((const char *)bytes + start, &sequence, &due)) fail("a text that was never sent");
    if (!payload_matches(bytes + start + STAMP_LENGTH, STAMP_LENGTH, length - STAMP_LENGTH)) fail("a damaged text");
    record(client, sequence, due);
    return start + length;
}

void client_ready(uint32_t index, uint32_t events) {
    static uint8_t chunk[CHUNK];
    struct client *client = &clients[index];
    if (client->state == CONNECTING) return request(index);
    if (!(events & ~(uint32_t)EPOLLOUT)) return;
    ssize_t count;
    do {
        count = recv(client->fd, chunk, sizeof chunk, MSG_DONTWAIT);
        if (count < 0 && errno == EAGAIN) return;
        if (count <= 0) fail("the server closed socket number %u", index);
        if (samples) now = nanoseconds();
        for (size_t at = 0, taken; at < (size_t)count; at += taken) {
            taken = whole_frame(client, chunk + at, (size_t)count - at);
            if (!taken) taken = part_of_frame(client, chunk + at, (size_t)count - at);
        }
    } while (count == sizeof chunk);
}

void clients_open(uint32_t total, uint32_t window) {
    if (total > MAX_CLIENTS) fail("at most %d sockets", MAX_CLIENTS);
    while (open_count < total) {
        uint32_t before = open_count;
        while (client_count < total && client_count - open_count < window) begin(client_count++);
        uint64_t deadline = nanoseconds() + 30000000000ull;
        while (open_count == before) {
            if (!turn(deadline)) fail("no handshake was answered for 30 s: %u of %u are open", open_count, total);
        }
    }
}

void clients_close(void) {
    // A reset leaves no TIME_WAIT behind that would use up the ports of the next run.
    struct linger reset = {.l_onoff = 1, .l_linger = 0};
    for (uint32_t i = 0; i < client_count; i++) {
        setsockopt(clients[i].fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        close(clients[i].fd);
        free(clients[i].answer);
    }
    client_count = open_count = 0;
}

void clients_expect(uint64_t sequence, uint32_t *sample_buffer, size_t capacity) {
    first_sequence = sequence;
    for (uint32_t i = 0; i < client_count; i++) {
        clients[i].next = sequence;
        clients[i].gaps = 0;
    }
    seen = (struct delivery){0};
    samples = sample_buffer;
    sample_capacity = capacity;
    sample_count = 0;
}

struct delivery clients_delivery(void) { return seen; }

void clients_settle(uint64_t sequence) {
    for (uint32_t i = 0; i < client_count; i++) {
        if (clients[i].next < sequence) seen.lost += sequence - clients[i].next;
        clients[i].next = sequence;
    }
}
