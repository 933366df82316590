// driver: drives one server with many WebSockets and measures what that costs it.
//
//   driver --port P --pid PID[,PID…] [options] [COMMAND…]        without commands they are read from standard input
//
//   open N                    until N sockets are open: handshakes per second and per CPU-second of the server, and the
//                             memory that they made resident there
//   fanout INFLIGHT ROUNDS    closed loop: INFLIGHT pipelined POSTs in one write, then waits until every socket has them all
//   paced RATE SECONDS        open loop: RATE events per second, each due at its instant whether or not the last one has
//                             arrived; latency counts from then
//   memory                    what is resident in the server now
//   close                     resets all sockets
//
//   --ws-path /fanout  --publish-path /fanout  --publish-port P  --bytes 300  --window 64  --sources 1
//
// One JSON line per command. Every byte is checked; a lost, repeated or disordered event ends the driver with exit 1 after its
// line, anything unexpected (a close, another status, a damaged text) with exit 2.

#define _GNU_SOURCE
#include "driver.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static int epoll_descriptor;
static uint64_t next_sequence = 1;
static uint32_t handshake_window = 64;
static const uint64_t STALLED = 10000000000ull;

void fail(const char *format, ...) {
    int reason = errno;
    va_list arguments;
    va_start(arguments, format);
    fputs("driver: ", stderr);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fprintf(stderr, reason ? ": %s\n" : "\n", strerror(reason));
    exit(2);
}

uint64_t nanoseconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

int poller(void) { return epoll_descriptor; }

bool turn(uint64_t deadline) {
    static struct epoll_event events[1024];
    uint64_t now = nanoseconds(), wait = deadline > now ? deadline - now : 0;
    struct timespec timeout = {.tv_sec = (time_t)(wait / 1000000000u), .tv_nsec = (long)(wait % 1000000000u)};
    int ready = epoll_pwait2(epoll_descriptor, events, 1024, &timeout, NULL);
    if (ready < 0 && errno != EINTR) fail("epoll_pwait2");
    for (int i = 0; i < ready; i++) {
        if (events[i].data.u32 == PUBLISHER) publisher_ready(events[i].events);
        else client_ready(events[i].data.u32, events[i].events);
    }
    errno = 0;
    return ready > 0;
}

// ---------------------------------------------------------------------------------------------------- a run

struct run {
    uint64_t sequence, started;
    double cpu;
};

static struct run run_begin(uint32_t *samples, size_t capacity) {
    if (clients_count() == 0) fail("open sockets first");
    clients_expect(next_sequence, samples, capacity);
    return (struct run){.sequence = next_sequence, .started = nanoseconds(), .cpu = usage_cpu_seconds()};
}

// Turns until all that was published has been answered and delivered; gives up when nothing moves any more.
static void run_settle(const struct run *run, uint64_t answers) {
    uint64_t due = (next_sequence - run->sequence) * clients_count(), before;
    while ((before = clients_delivery().frames) < due || publisher_answered() < answers) {
        if (!turn(nanoseconds() + STALLED) && clients_delivery().frames == before) break;
    }
}

// Prints the figures that every run has, up to an open brace's last comma-free field. Returns whether all was delivered.
static bool run_print(const struct run *run, const char *phase, double seconds, double cpu) {
    clients_settle(next_sequence);
    struct delivery delivery = clients_delivery();
    printf(
        "{\"phase\":\"%s\",\"sockets\":%u,\"events\":%llu,\"deliveries\":%llu,\"lost\":%llu,\"duplicates\":%llu,"
        "\"disorder\":%llu,\"seconds\":%.6f,\"cpu_s\":%.6f,\"per_s\":%.0f,\"per_cpu_s\":%.0f",
        phase, clients_count(), (unsigned long long)(next_sequence - run->sequence), (unsigned long long)delivery.frames,
        (unsigned long long)delivery.lost, (unsigned long long)delivery.duplicates, (unsigned long long)delivery.disorder,
        seconds, cpu, (double)delivery.frames / seconds, cpu > 0 ? (double)delivery.frames / cpu : 0);
    return !delivery.lost && !delivery.duplicates && !delivery.disorder;
}

static void line_end(bool is_good) {
    puts("}");
    fflush(stdout);
    if (!is_good) exit(1);
}

// ------------------------------------------------------------------------------------------------- commands

static void command_open(uint32_t total) {
    uint32_t before = clients_count();
    struct usage_memory memory = usage_memory();
    double cpu = usage_cpu_seconds();
    uint64_t started = nanoseconds();
    clients_open(total, handshake_window);
    double seconds = (double)(nanoseconds() - started) / 1e9;
    cpu = usage_cpu_seconds() - cpu;
    uint64_t resident = usage_memory().resident_bytes;
    uint32_t opened = clients_count() - before;
    printf(
        "{\"phase\":\"handshakes\",\"sockets\":%u,\"opened\":%u,\"seconds\":%.6f,\"cpu_s\":%.6f,\"per_s\":%.0f,"
        "\"per_cpu_s\":%.0f,\"resident_bytes_before\":%llu,\"resident_bytes\":%llu,\"bytes_per_connection\":%.1f",
        clients_count(), opened, seconds, cpu, opened / seconds, cpu > 0 ? opened / cpu : 0,
        (unsigned long long)memory.resident_bytes, (unsigned long long)resident,
        opened ? ((double)resident - (double)memory.resident_bytes) / opened : 0);
    line_end(true);
}

static int by_value(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static void command_fanout(uint32_t inflight, uint32_t rounds) {
    uint32_t *lasted = calloc(rounds, sizeof *lasted), done = 0;
    if (!lasted) fail("memory for rounds");
    struct run run = run_begin(NULL, 0);
    for (uint32_t round = 0; round < rounds; round++) {
        uint64_t answers = publisher_answered() + inflight, posted = nanoseconds();
        publisher_post(next_sequence, inflight, posted);
        next_sequence += inflight;
        run_settle(&run, answers);
        lasted[done++] = (uint32_t)((nanoseconds() - posted) / 1000);
        if (clients_delivery().frames < (next_sequence - run.sequence) * clients_count()) break;
    }
    double seconds = (double)(nanoseconds() - run.started) / 1e9, cpu = usage_cpu_seconds() - run.cpu;
    bool is_good = run_print(&run, "fanout", seconds, cpu);
    // Until the last socket had the last event.
    qsort(lasted, done, sizeof *lasted, by_value);
    printf(",\"inflight\":%u,\"rounds\":%u,\"last_p50_ms\":%.3f", inflight, rounds, lasted[(done - 1) / 2] / 1000.0);
    free(lasted);
    line_end(is_good);
}

static void command_paced(uint32_t rate, uint32_t duration) {
    uint64_t events = (uint64_t)rate * duration, answers = publisher_answered() + events;
    size_t capacity = (size_t)events * clients_count();
    uint32_t *samples = calloc(capacity + 1, sizeof *samples);
    if (!samples) fail("memory for latencies");
    struct run run = run_begin(samples, capacity);
    for (uint64_t i = 0; i < events; i++) {
        uint64_t due = run.started + (i + 1) * 1000000000ull / rate;
        while (nanoseconds() < due) turn(due);
        publisher_post(next_sequence++, 1, due);
    }
    run_settle(&run, answers);
    double seconds = (double)(nanoseconds() - run.started) / 1e9, cpu = usage_cpu_seconds() - run.cpu;
    size_t count = clients_delivery().frames < capacity ? (size_t)clients_delivery().frames : capacity;
    qsort(samples, count, sizeof *samples, by_value);
    bool is_good = run_print(&run, "paced", seconds, cpu);
    const struct { const char *name; double rank; } ranks[] = {{"p50", .5}, {"p99", .99}, {"p999", .999}, {"max", 1}};
    printf(",\"rate\":%u", rate);
    for (size_t i = 0; i < 4; i++) {
        // The smallest value that at least this share of all values do not exceed.
        size_t at = (size_t)(ranks[i].rank * (double)count + .9999999);
        printf(",\"%s_ms\":%.3f", ranks[i].name, count ? samples[at ? at - 1 : 0] / 1000.0 : 0);
    }
    free(samples);
    clients_expect(next_sequence, NULL, 0);
    line_end(is_good);
}

static void command_memory(void) {
    struct usage_memory memory = usage_memory();
    printf(
        "{\"phase\":\"memory\",\"sockets\":%u,\"resident_bytes\":%llu,\"anonymous_bytes\":%llu", clients_count(),
        (unsigned long long)memory.resident_bytes, (unsigned long long)memory.anonymous_bytes);
    line_end(true);
}

static void command(const char *line) {
    uint32_t a, b;
    char rest;
    if (sscanf(line, "open %u %c", &a, &rest) == 1) command_open(a);
    else if (sscanf(line, "fanout %u %u %c", &a, &b, &rest) == 2 && a && b) command_fanout(a, b);
    else if (sscanf(line, "paced %u %u %c", &a, &b, &rest) == 2 && a && b) command_paced(a, b);
    else if (strncmp(line, "memory", 6) == 0) command_memory();
    else if (strncmp(line, "close", 5) == 0) clients_close();
    else fail("unknown command: %s", line);
}

// ------------------------------------------------------------------------------------------------- start

static _Noreturn void usage_error(void) {
    fputs("usage: driver --port P --pid PID[,PID] [options] [COMMAND...]; the head of driver.c describes them\n", stderr);
    exit(64);
}

int main(int count, char **arguments) {
    static const struct option options[] = {
        {"port", 1, 0, 'p'},  {"pid", 1, 0, 'i'},    {"ws-path", 1, 0, 'w'}, {"publish-path", 1, 0, 'u'}, {"publish-port", 1, 0, 'q'},
        {"bytes", 1, 0, 'b'}, {"window", 1, 0, 'n'}, {"sources", 1, 0, 's'}, {0}};
    struct sockaddr_in server = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct clients_config clients = {.path = "/fanout", .sources = 1};
    struct publisher_config publisher = {.path = "/fanout"};
    unsigned port = 0, publish_port = 0;
    size_t bytes = 300;
    const char *pids = NULL;
    for (int option; (option = getopt_long(count, arguments, "", options, NULL)) != -1;) switch (option) {
        case 'p': port = (unsigned)atoi(optarg); break;
        case 'q': publish_port = (unsigned)atoi(optarg); break;
        case 'i': pids = optarg; break;
        case 'w': clients.path = optarg; break;
        case 'u': publisher.path = optarg; break;
        case 'b': bytes = strtoul(optarg, NULL, 10); break;
        case 'n': handshake_window = (uint32_t)atoi(optarg); break;
        case 's': clients.sources = (unsigned)atoi(optarg); break;
        default: usage_error();
        }
    if (!port || port > 65535 || !pids || !handshake_window) usage_error();

    struct rlimit descriptors;
    getrlimit(RLIMIT_NOFILE, &descriptors);
    descriptors.rlim_cur = descriptors.rlim_max;
    setrlimit(RLIMIT_NOFILE, &descriptors);
    errno = 0;
    epoll_descriptor = epoll_create1(EPOLL_CLOEXEC);
    payload_set_length(bytes);
    usage_start(pids);
    server.sin_port = htons((uint16_t)port);
    clients.server = publisher.server = server;
    if (publish_port) publisher.server.sin_port = htons((uint16_t)publish_port);
    clients_start(&clients);
    publisher_start(&publisher);

    if (optind < count) {
        for (int i = optind; i < count; i++) command(arguments[i]);
    } else {
        for (char line[256]; fgets(line, sizeof line, stdin);) command(line);
    }
    return 0;
}
