// The load driver: one process, one epoll, many WebSockets to one server. See driver.c for its commands.
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

// What the poller reports: the publisher, or the client with this index.
enum { PUBLISHER = UINT32_MAX };

// A failure that ends the driver: what it was doing, and errno if it is set.
_Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
uint64_t nanoseconds(void);

// Handles what is ready, waiting at most until `deadline` (CLOCK_MONOTONIC, in ns). False if the deadline came first.
bool turn(uint64_t deadline);
int poller(void);

// ------------------------------------------------------------------------------------------------- payload.c
// Every event is one JSON text that tells its place in the sequence and when it was due, padded to `payload_length`.

enum { STAMP_LENGTH = 49, MIN_PAYLOAD = 64, MAX_PAYLOAD = 60000 };

void payload_set_length(size_t length);
size_t payload_length(void);
void payload_write(char *to, uint64_t sequence, uint64_t due);
// The stamp at the beginning of a payload; false if this is not one of ours.
bool payload_read(const char *from, uint64_t *sequence, uint64_t *due);
// Whether `length` bytes at offset `from` (not below STAMP_LENGTH) are what payload_write put there.
bool payload_matches(const uint8_t *bytes, size_t from, size_t length);

// ------------------------------------------------------------------------------------------------- clients.c

struct clients_config {
    struct sockaddr_in server;
    const char *path;
    unsigned sources;  // how many source addresses 127.0.0.1, 127.0.0.2, … to spread the sockets over
};

// What all clients together have seen since clients_expect().
struct delivery {
    uint64_t frames;
    uint64_t lost, duplicates, disorder;
};

void clients_start(const struct clients_config *config);
// Opens sockets until `total` are open, at most `window` handshakes at a time; fails after 30 s without progress.
void clients_open(uint32_t total, uint32_t window);
void clients_close(void);
uint32_t clients_count(void);
void client_ready(uint32_t index, uint32_t events);
// From here on the next event that each client must see is `sequence`. Latencies go to `samples` if it is not NULL.
void clients_expect(uint64_t sequence, uint32_t *samples_us, size_t capacity);
struct delivery clients_delivery(void);
// Counts what the clients have not seen of the events before `sequence` as lost.
void clients_settle(uint64_t sequence);

// ----------------------------------------------------------------------------------------------- publisher.c

struct publisher_config {
    struct sockaddr_in server;
    const char *path;
};

void publisher_start(const struct publisher_config *config);
// Sends `count` POSTs in one write, pipelined, events `sequence`… all due at `due`.
void publisher_post(uint64_t sequence, uint32_t count, uint64_t due);
void publisher_ready(uint32_t events);
// How many POSTs have been answered with 2xx in all; any other answer fails.
uint64_t publisher_answered(void);

// --------------------------------------------------------------------------------------------------- usage.c
// What the server's processes use, summed.

void usage_start(const char *pids);
double usage_cpu_seconds(void);
// The one of the process at this place in the list.
double usage_cpu_seconds_of(unsigned place);
struct usage_memory {
    uint64_t resident_bytes, anonymous_bytes;
} usage_memory(void);
