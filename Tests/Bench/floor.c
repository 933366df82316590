// floor: the least that a single thread must do to fan a message out, and what the node is measured against.
//
//   floor --port P          prints `ready` when it listens on 127.0.0.1:P
//
//   GET  /fanout, Upgrade: websocket    becomes a subscriber (RFC 6455 handshake)
//   POST /fanout                        its body becomes one text frame, built once, one send() per subscriber; 204
//
// Requests may be pipelined on a kept-alive connection. There is no coalescing of events, no protocol checking beyond what
// framing needs, and no state per connection but two table entries: so the time that is left is the kernel's.
//
//   cc -O2 -Wall -Wextra -Werror -o floor floor.c -lcrypto

#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAX_DESCRIPTORS = 1 << 20, MAX_REQUEST = 1 << 20, MAX_EVENTS = 512, MAX_FRAME_HEADER = 10 };

// What a connection owes or is owed, allocated only while that is so.
struct backlog {
    size_t length;
    uint8_t bytes[];
};

// Tables by descriptor in untouched zero pages: only what is used becomes resident.
static uint32_t *subscriber_slot;     // 1 + its place in `subscribers`, 0 for a connection that speaks HTTP
static struct backlog **unparsed;     // the beginning of a request
static struct backlog **unsent;       // the end of frames that the socket's buffer did not take
static int *subscribers;              // dense, so that a fan-out walks memory in order
static uint32_t subscriber_count;

static int poller, listener;
static uint8_t input[MAX_REQUEST];
static EVP_MD *sha1;
static EVP_MD_CTX *digest;

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static void *zero_pages(size_t bytes) {
    void *pages = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (pages == MAP_FAILED) fail("mmap");
    return pages;
}

static void append(struct backlog **backlog, const uint8_t *bytes, size_t length) {
    size_t before = *backlog ? (*backlog)->length : 0;
    struct backlog *grown = realloc(*backlog, sizeof *grown + before + length);
    if (!grown) fail("realloc");
    memcpy(grown->bytes + before, bytes, length);
    grown->length = before + length;
    *backlog = grown;
}

static void discard(struct backlog **backlog) {
    free(*backlog);
    *backlog = NULL;
}

static void watch(int operation, int fd, uint32_t events) {
    struct epoll_event event = {.events = events, .data.fd = fd};
    if (epoll_ctl(poller, operation, fd, &event) < 0) fail("epoll_ctl");
}

static void drop(int fd) {
    uint32_t slot = subscriber_slot[fd];
    if (slot) {
        int last = subscribers[--subscriber_count];
        subscribers[slot - 1] = last;
        subscriber_slot[last] = slot;
        subscriber_slot[fd] = 0;
    }
    discard(&unparsed[fd]);
    discard(&unsent[fd]);
    close(fd);  // leaves the poller by itself
}

// Sends all of it or keeps the rest for when the socket can take more. A dead socket is noticed by the poller.
static inline void deliver(int fd, const uint8_t *bytes, size_t length) {
    ssize_t sent = -1;
    if (__builtin_expect(!unsent[fd], 1)) {
        sent = send(fd, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (__builtin_expect(sent == (ssize_t)length, 1)) return;
        if (sent < 0 && errno != EAGAIN) return;
        watch(EPOLL_CTL_MOD, fd, EPOLLIN | EPOLLOUT);
    }
    if (sent < 0) sent = 0;
    append(&unsent[fd], bytes + sent, length - (size_t)sent);
}

static void flush(int fd) {
    struct backlog *rest = unsent[fd];
    ssize_t sent = rest ? send(fd, rest->bytes, rest->length, MSG_DONTWAIT | MSG_NOSIGNAL) : 0;
    if (sent < 0) return;
    if (rest && (size_t)sent < rest->length) {
        rest->length -= (size_t)sent;
        memmove(rest->bytes, rest->bytes + sent, rest->length);
        return;
    }
    discard(&unsent[fd]);
    watch(EPOLL_CTL_MOD, fd, EPOLLIN);
}

// `body` has MAX_FRAME_HEADER writable bytes before it: the frame is built in place.
static void fan_out(uint8_t *body, size_t length) {
    uint8_t *frame = body;
    if (length < 126) {  // RFC 6455 5.2
        frame -= 2;
        frame[1] = (uint8_t)length;
    } else if (length < 65536) {
        frame -= 4;
        frame[1] = 126;
        frame[2] = (uint8_t)(length >> 8);
        frame[3] = (uint8_t)length;
    } else {
        frame -= 10;
        frame[1] = 127;
        for (int i = 0; i < 8; i++) frame[2 + i] = (uint8_t)((uint64_t)length >> (56 - 8 * i));
    }
    frame[0] = 0x81;
    size_t total = length + (size_t)(body - frame);
    for (uint32_t i = 0; i < subscriber_count; i++) deliver(subscribers[i], frame, total);
}

// The value of a header in [head, end), or NULL. Lines end with CRLF.
static const char *header(const char *head, const char *end, const char *name, size_t name_length) {
    for (const char *line = memchr(head, '\n', (size_t)(end - head)); line && line + 1 < end;) {
        line++;
        if ((size_t)(end - line) > name_length && strncasecmp(line, name, name_length) == 0) {
            line += name_length;
            while (*line == ' ') line++;
            return line;
        }
        line = memchr(line, '\n', (size_t)(end - line));
    }
    return NULL;
}

static bool subscribe(int fd, const char *head, const char *end) {
    static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";  // RFC 6455 1.3
    const char *key = header(head, end, "sec-websocket-key:", 18);
    if (!key || end - key < 24) return false;
    uint8_t hash[20];
    EVP_DigestInit_ex2(digest, sha1, NULL);
    EVP_DigestUpdate(digest, key, 24);
    EVP_DigestUpdate(digest, guid, sizeof guid - 1);
    EVP_DigestFinal_ex(digest, hash, NULL);

    static char answer[] =
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Accept: ____________________________\r\n\r\n";
    uint8_t *accept = (uint8_t *)answer + sizeof answer - 1 - 4 - 28;
    EVP_EncodeBlock(accept, hash, sizeof hash);
    accept[28] = '\r';  // EncodeBlock ends with a zero byte
    deliver(fd, (const uint8_t *)answer, sizeof answer - 1);

    subscribers[subscriber_count++] = fd;
    subscriber_slot[fd] = subscriber_count;
    return true;
}

// One request at the front of [bytes, end): the bytes that it took, 0 if it is not whole yet, -1 if it is none of ours.
static ssize_t serve(int fd, uint8_t *bytes, uint8_t *end, size_t *answers) {
    const char *head = (const char *)bytes;
    const char *blank = memmem(bytes, (size_t)(end - bytes), "\r\n\r\n", 4);
    if (!blank) return 0;
    if (memcmp(head, "POST /fanout ", 13) == 0) {
        const char *value = header(head, blank, "content-length:", 15);
        size_t length = value ? strtoul(value, NULL, 10) : 0;
        uint8_t *body = (uint8_t *)blank + 4;
        if (length > MAX_REQUEST) return -1;
        if ((size_t)(end - body) < length) return 0;
        uint8_t overwritten[MAX_FRAME_HEADER];
        memcpy(overwritten, body - MAX_FRAME_HEADER, sizeof overwritten);
        fan_out(body, length);
        memcpy(body - MAX_FRAME_HEADER, overwritten, sizeof overwritten);
        *answers += 1;
        return body + length - bytes;
    }
    if (memcmp(head, "GET /fanout ", 12) == 0 && subscribe(fd, head, blank)) return (const uint8_t *)blank + 4 - bytes;
    return -1;
}

static void serve_all(int fd, uint8_t *bytes, size_t length) {
    static const char no_content[] = "HTTP/1.1 204 No Content\r\n\r\n";
    uint8_t *end = bytes + length;
    size_t answers = 0;
    ssize_t taken = 0;
    while (bytes < end && !subscriber_slot[fd] && (taken = serve(fd, bytes, end, &answers)) > 0) bytes += taken;
    for (; answers; answers--) deliver(fd, (const uint8_t *)no_content, sizeof no_content - 1);
    if (taken < 0 || end - bytes >= MAX_REQUEST) return drop(fd);
    if (bytes < end && !subscriber_slot[fd]) append(&unparsed[fd], bytes, (size_t)(end - bytes));
}

static void readable(int fd) {
    struct backlog *begun = unparsed[fd];
    size_t before = begun ? begun->length : 0;
    if (before) memcpy(input, begun->bytes, before);
    ssize_t count = recv(fd, input + before, sizeof input - before, MSG_DONTWAIT);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (count <= 0) return drop(fd);
    if (subscriber_slot[fd]) return;  // what subscribers say is not for us
    discard(&unparsed[fd]);
    serve_all(fd, input, before + (size_t)count);
}

static void accept_all(void) {
    int fd;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        if (fd >= MAX_DESCRIPTORS) {
            close(fd);
            continue;
        }
        watch(EPOLL_CTL_ADD, fd, EPOLLIN);
    }
    if (errno != EAGAIN && errno != ECONNABORTED && errno != EINTR) fail("accept4");
}

static void start(uint16_t port) {
    struct rlimit descriptors;
    getrlimit(RLIMIT_NOFILE, &descriptors);
    descriptors.rlim_cur = descriptors.rlim_max;
    setrlimit(RLIMIT_NOFILE, &descriptors);
    signal(SIGPIPE, SIG_IGN);

    subscriber_slot = zero_pages(MAX_DESCRIPTORS * sizeof *subscriber_slot);
    unparsed = zero_pages(MAX_DESCRIPTORS * sizeof *unparsed);
    unsent = zero_pages(MAX_DESCRIPTORS * sizeof *unsent);
    subscribers = zero_pages(MAX_DESCRIPTORS * sizeof *subscribers);
    sha1 = EVP_MD_fetch(NULL, "SHA1", NULL);
    digest = EVP_MD_CTX_new();

    int on = 1;
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // accepted sockets inherit it
    if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0) fail("bind");
    if (listen(listener, 4096) < 0) fail("listen");
    poller = epoll_create1(EPOLL_CLOEXEC);
    watch(EPOLL_CTL_ADD, listener, EPOLLIN);
}

int main(int count, char **arguments) {
    if (count != 3 || strcmp(arguments[1], "--port") != 0) {
        fprintf(stderr, "usage: floor --port P\n");
        return 64;
    }
    start((uint16_t)atoi(arguments[2]));
    puts("ready");
    fflush(stdout);
    static struct epoll_event events[MAX_EVENTS];
    for (;;) {
        int ready = epoll_wait(poller, events, MAX_EVENTS, -1);
        if (ready < 0 && errno != EINTR) fail("epoll_wait");
        for (int i = 0; i < ready; i++) {
            int fd = events[i].data.fd;
            if (fd == listener) {
                accept_all();
                continue;
            }
            if (events[i].events & EPOLLOUT) flush(fd);
            if (events[i].events & ~(uint32_t)EPOLLOUT) readable(fd);
        }
    }
}
