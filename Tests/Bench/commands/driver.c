// driver: sends commands to the nodes of a cluster, listens as its screens do, and measures both.
//
//   driver --recording FILE --key APP-KEY --ports P[,P…] [--listen-ports P[,P…]] [--pid PID[,PID…]] [--peer-port P] COMMAND…
//
//   open N               N more sockets, spread over the listening ports, on the channels of all properties in turn
//   open-one N           the same, all of them on the first property's channel
//   load IN-FLIGHT S     closed loop for S seconds: so many PATCHes of rooms at once over kept-alive connections, spread over the
//                        ports and the properties; the next one when the last one is answered
//   single S             one PATCH of the first property's rooms at a time, the next one when all sockets have its events: how
//                        long the answer takes, and from the answer to the last socket
//   alternate N S        opens N sockets on the first property's channel and as many on /fanout of the peer; then in turn one PATCH
//                        and one POST of as many bytes to the peer, the next one when all sockets have the last one: both sides
//                        have the same receiver, pace, pauses and neighbours. Prints a line for each side; COST_PIDS must name
//                        the processes `cluster` and `peer`.
//
// What is sent is what record.py recorded. Before it is measured each room is brought to where the first change changes something:
// a command that changes nothing writes less, and the floor always writes everything. One JSON line per measurement. Anything
// unexpected (another status than 200, a measured command after which the room's version is not one higher, a close, an event that
// does not come, a number that comes twice or after a greater one) ends the driver with exit 2.

#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../driver/driver.h"
#include "listeners.h"
#include "recording.h"
#include "sockets.h"

enum { MOST_WORKERS = 512 };
// What the poller reports: the socket with this index, or behind these the worker.
enum { FIRST_WORKER = MOST_SOCKETS };

// A kept-alive connection that sends one command after another.
struct worker {
    int fd;
    uint16_t port;
    struct template *template;
    uint32_t room, first, stride, next_change;
    uint64_t started, seq;  // of the last command, and what its answer said
    uint64_t *versions;     // of the template's rooms
    uint32_t asked;         // the room of the last command
    uint32_t unprepared;    // commands that are still to come before what is measured
    bool is_busy;
    size_t length;
    char answer[MOST_ANSWER];
};

static struct recording recording;
static uint16_t ports[MOST_PORTS], listen_ports[MOST_PORTS];
static uint32_t port_count, listen_port_count;
static struct worker *workers;
static uint16_t peer_port;
static uint64_t commands, deadline;
static bool is_measured;
static uint32_t running;

// ------------------------------------------------------------------------------------------------ workers

static void worker_send(struct worker *worker) {
    struct template *template = worker->template;
    struct change *change = &template->changes[worker->next_change];
    char text[4096], room[ID_TEXT_LENGTH], operation[ID_TEXT_LENGTH];
    uint8_t id[ID_LENGTH];
    id_make(id);
    id_write(operation, id);
    id_write(room, template->rooms[worker->room]);
    worker->asked = worker->room;
    worker->room += worker->stride;
    if (worker->room >= template->room_count) {
        worker->room = worker->first;
        worker->next_change = (worker->next_change + 1) % CHANGES;
    }
    int length = snprintf(
        text, sizeof text,
        "PATCH /v1/rooms/%.36s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nAuthorization: Bearer %s\r\nIdempotency-Key: %.36s\r\n"
        "Content-Type: application/json\r\nContent-Length: %u\r\n\r\n%s",
        room, worker->port, template->token.at, operation, change->body.length, change->body.at);
    if (length >= (int)sizeof text) fail("a token is too long");
    worker->is_busy = true;
    worker->length = 0;
    worker->started = nanoseconds();
    send_all(worker->fd, text, (size_t)length);
}

static void worker_ready(struct worker *worker) {
    ssize_t count = recv(worker->fd, worker->answer + worker->length, MOST_ANSWER - 1 - worker->length, MSG_DONTWAIT);
    if (count < 0 && errno == EAGAIN) return;
    if (count <= 0) fail("a node closed a connection");
    worker->length += (size_t)count;
    worker->answer[worker->length] = 0;
    size_t body_length;
    char *body = whole_answer(worker->answer, worker->length, &body_length);
    if (!body) return;
    if (strncmp(worker->answer, "HTTP/1.1 200 ", 13) != 0 || !worker->is_busy) fail("answered: %s", worker->answer);
    char *seq = memmem(body, body_length, "\"seq\":", 6);
    if (!seq) fail("an answer without a seq: %s", body);
    worker->seq = strtoull(seq + 6, NULL, 10);
    char *version = memmem(body, body_length, "\"version\":", 10);
    if (!version) fail("an answer without a version: %s", body);
    uint64_t now = strtoull(version + 10, NULL, 10), *before = &worker->versions[worker->asked];
    if (is_measured && now != *before + 1) fail("a command changed nothing: %s", body);
    *before = now;
    worker->is_busy = false;
    commands++;
}

static void start_workers(uint32_t count, uint32_t templates) {
    if (count > MOST_WORKERS) fail("at most %d commands in flight", MOST_WORKERS);
    workers = calloc(count, sizeof *workers);
    for (uint32_t i = 0; i < count; i++) {
        struct worker *worker = &workers[i];
        uint32_t template = i % templates, share = i / templates;
        worker->template = &recording.templates[template];
        worker->first = worker->room = share;
        worker->stride = (count - template + templates - 1) / templates;
        if (share >= worker->template->room_count) fail("too few rooms for %u commands in flight", count);
        // Not by the template's number: each node gets commands of each property.
        worker->port = ports[(i / templates + i) % port_count];
        worker->versions = calloc(worker->template->room_count, sizeof *worker->versions);
        worker->fd = connect_to(worker->port, 0);
        watch(worker->fd, FIRST_WORKER + i);
    }
}

static void stop_workers(uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        close(workers[i].fd);
        free(workers[i].versions);
    }
    free(workers);
}

// ------------------------------------------------------------------------------------------------- commands

// Handles what is ready; fails when nothing moves any more.
static void turn_commands(void) {
    static struct epoll_event events[1024];
    int ready = epoll_wait(poller(), events, 1024, 10000);
    if (ready < 0 && errno != EINTR) fail("epoll_wait");
    if (ready == 0) fail("nothing moves any more: %u sockets lack event %llu", behind, (unsigned long long)awaited);
    for (int i = 0; i < ready; i++) {
        uint32_t which = events[i].data.u32;
        if (which < FIRST_WORKER) {
            listener_ready(which);
            continue;
        }
        struct worker *worker = &workers[which - FIRST_WORKER];
        bool was_busy = worker->is_busy;
        worker_ready(worker);
        if (!was_busy || worker->is_busy) continue;
        if (!is_measured) {
            if (--worker->unprepared) worker_send(worker);
            else running--;
            continue;
        }
        if (!deadline) continue;
        samples_add(nanoseconds() - worker->started);
        if (nanoseconds() < deadline) worker_send(worker);
        else running--;
    }
    errno = 0;
}

static void prepare_rooms(uint32_t count) {
    is_measured = false;
    awaited = behind = 0;
    running = count;
    for (uint32_t i = 0; i < count; i++) {
        struct worker *worker = &workers[i];
        uint32_t rooms = (worker->template->room_count - worker->first + worker->stride - 1) / worker->stride;
        // Every change of every room: in whatever state it was, the first one now changes something.
        worker->unprepared = CHANGES * rooms;
        worker_send(&workers[i]);
    }
    while (running) turn_commands();
    is_measured = true;
}

static void command_load(uint32_t in_flight, double seconds) {
    start_workers(in_flight, recording.template_count);
    prepare_rooms(in_flight);
    samples_clear();
    commands = frames = awaited = 0;
    costs_begin();
    uint64_t started = nanoseconds();
    deadline = started + (uint64_t)(seconds * 1e9);
    running = in_flight;
    for (uint32_t i = 0; i < in_flight; i++) worker_send(&workers[i]);
    while (running) turn_commands();
    seconds = (double)(nanoseconds() - started) / 1e9;
    costs_end();
    printf(
        "{\"phase\":\"commands\",\"in_flight\":%u,\"sockets\":%u,\"commands\":%llu,\"deliveries\":%llu,\"seconds\":%.3f,"
        "\"per_s\":%.1f",
        in_flight, listener_count, (unsigned long long)commands, (unsigned long long)frames, seconds,
        (double)commands / seconds);
    samples_print("");
    costs_print();
    puts("}");
    fflush(stdout);
    stop_workers(in_flight);
}

// Waits until the listeners from `first` up to `end` have the event: the others get none meanwhile.
static void await_event(uint64_t seq, uint32_t first, uint32_t end) {
    expect_event(seq, first, end);
    while (behind) turn_commands();
}

static void command_single(double seconds) {
    start_workers(1, 1);
    prepare_rooms(1);
    // What was sent before it is measured must not arrive while it is.
    deadline = 0;
    await_event(workers[0].seq, 0, listener_count);
    samples_clear();
    commands = frames = frame_bytes = 0;
    double answers = 0, cpu = usage_cpu_seconds();
    uint64_t started = nanoseconds(), until = started + (uint64_t)(seconds * 1e9);
    do {
        worker_send(&workers[0]);
        awaited = 0;
        while (workers[0].is_busy) turn_commands();
        uint64_t answered = nanoseconds();
        answers += (double)(answered - workers[0].started);
        await_event(workers[0].seq, 0, listener_count);
        // What a socket had before the answer took no time after it.
        samples_add(last_arrival > answered ? last_arrival - answered : 0);
    } while (nanoseconds() < until);
    seconds = (double)(nanoseconds() - started) / 1e9;
    cpu = usage_cpu_seconds() - cpu;
    printf(
        "{\"phase\":\"single\",\"sockets\":%u,\"commands\":%llu,\"deliveries\":%llu,\"frame_bytes\":%.1f,\"seconds\":%.3f,"
        "\"cpu_s\":%.6f,\"per_cpu_s\":%.0f,\"answer_mean_ms\":%.3f",
        listener_count, (unsigned long long)commands, (unsigned long long)frames,
        frames ? (double)frame_bytes / (double)frames : 0, seconds, cpu, cpu > 0 ? (double)frames / cpu : 0,
        answers / (double)commands / 1e6);
    samples_print("last_");
    puts("}");
    fflush(stdout);
    stop_workers(1);
}

// Has the peer tell all its sockets an event of so many bytes.
static void post_to_peer(uint64_t seq, size_t bytes, uint32_t first, uint32_t end) {
    static char text[MOST_MESSAGE];
    if (bytes < 32 || bytes > sizeof text) fail("events of %zu bytes", bytes);
    int begun = snprintf(text, sizeof text, "{\"seq\":%llu,\"x\":\"", (unsigned long long)seq);
    memset(text + begun, 'x', bytes - (size_t)begun - 2);
    memcpy(text + bytes - 2, "\"}", 2);
    peers_post(text, bytes);
    await_event(seq, first, end);
    peers_await_answers();
}

static void command_alternate(uint32_t count, double seconds) {
    if (!peer_port || listener_count) fail("alternate needs --peer-port, and opens its sockets itself");
    listeners_open(count, recording.templates, 1);
    listeners_open_peer(count, &peer_port, 1);
    peers_connect(&peer_port, 1);
    start_workers(1, 1);
    prepare_rooms(1);
    deadline = 0;
    await_event(workers[0].seq, 0, count);
    uint64_t told[2] = {0, 0}, bytes[2] = {0, 0}, rounds = 0;
    costs_begin();
    uint64_t started = nanoseconds(), until = started + (uint64_t)(seconds * 1e9);
    do {
        frames = frame_bytes = 0;
        worker_send(&workers[0]);
        awaited = 0;
        while (workers[0].is_busy) turn_commands();
        await_event(workers[0].seq, 0, count);
        told[0] += frames;
        bytes[0] += frame_bytes;
        size_t length = (size_t)(frame_bytes / frames);
        frames = frame_bytes = 0;
        post_to_peer(++rounds, length, count, 2 * count);
        told[1] += frames;
        bytes[1] += frame_bytes;
    } while (nanoseconds() < until);
    seconds = (double)(nanoseconds() - started) / 1e9;
    costs_end();
    const char *names[2] = {"cluster", "peer"};
    for (int i = 0; i < 2; i++) {
        double cpu = costs_of(names[i]);
        printf(
            "{\"phase\":\"alternate\",\"sockets\":%u,\"events\":%llu,\"deliveries\":%llu,\"frame_bytes\":%.1f,"
            "\"seconds\":%.3f,\"cpu_s\":%.2f,\"per_cpu_s\":%.0f}\n",
            count, (unsigned long long)rounds, (unsigned long long)told[i], (double)bytes[i] / (double)told[i], seconds, cpu,
            cpu > 0 ? (double)told[i] / cpu : 0);
    }
    fflush(stdout);
    peers_close();
    stop_workers(1);
}

int main(int count, char **arguments) {
    static const struct option options[] = {{"recording", 1, 0, 'r'}, {"key", 1, 0, 'k'}, {"ports", 1, 0, 'p'},
                                            {"listen-ports", 1, 0, 'l'}, {"pid", 1, 0, 'i'},
                                            {"peer-port", 1, 0, 'e'}, {0}};
    const char *path = NULL, *key = NULL;
    for (int option; (option = getopt_long(count, arguments, "", options, NULL)) != -1;) switch (option) {
        case 'r': path = optarg; break;
        case 'k': key = optarg; break;
        case 'p': port_count = ports_read(optarg, ports); break;
        case 'l': listen_port_count = ports_read(optarg, listen_ports); break;
        case 'i': usage_start(optarg); break;
        case 'e': peer_port = (uint16_t)atoi(optarg); break;
        default: path = NULL;
        }
    if (!path || !key || !port_count || optind == count) {
        fputs("usage: driver --recording FILE --key KEY --ports P[,P] COMMAND...; the head of driver.c describes it\n", stderr);
        return 64;
    }
    if (!listen_port_count) {
        memcpy(listen_ports, ports, sizeof ports);
        listen_port_count = port_count;
    }
    struct rlimit descriptors;
    getrlimit(RLIMIT_NOFILE, &descriptors);
    descriptors.rlim_cur = descriptors.rlim_max;
    setrlimit(RLIMIT_NOFILE, &descriptors);
    errno = 0;
    listeners_start(key, listen_ports, listen_port_count);
    recording = recording_read(path);
    for (int i = optind; i < count; i++) {
        const char *line = arguments[i];
        uint32_t number;
        double seconds;
        char rest;
        if (sscanf(line, "open %u %c", &number, &rest) == 1) listeners_open(number, recording.templates, recording.template_count);
        else if (sscanf(line, "open-one %u %c", &number, &rest) == 1) listeners_open(number, recording.templates, 1);
        else if (sscanf(line, "load %u %lf %c", &number, &seconds, &rest) == 2 && number) command_load(number, seconds);
        else if (sscanf(line, "single %lf %c", &seconds, &rest) == 1) command_single(seconds);
        else if (sscanf(line, "alternate %u %lf %c", &number, &seconds, &rest) == 2 && number) command_alternate(number, seconds);
        else fail("unknown command: %s", line);
    }
    return 0;
}
