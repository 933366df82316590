// driver: an app's back end and its clients. Publishes over the app's HTTP API, listens, and measures what the nodes use for it.
//
//   driver --app ID:KEY:SECRET --ports P[,P…] [--listen-ports P[,P…]] [--pid PID[,PID…]] [--peer-ports P[,P…]] COMMAND…
//
//   turns N M SECONDS ROUNDS    opens N sockets on one public channel, spread over the listening ports, and M on /fanout of the
//                               peers; then in turn one event that is published at the first port, and one of as many bytes that
//                               each peer is told, the next one when all sockets have the last one: both sides have the same
//                               receiver, pace, pauses and neighbours. A line for each side and round, also without what the
//                               servers use when nothing is told; COST_PIDS must name `cluster` and `peer`.
//   spread N EVENTS ROUNDS      opens N sockets on a channel each and N on one channel; in turn so many times one event to each of
//                               the N channels, a hundred channels to a request, and one event to the one channel. A line for
//                               each side and round; the first pid is the node's that has the sockets.
//   publish CONNECTIONS SECONDS closed loop: each connection posts the next event when the last one is answered; nobody listens
//   storm N ROUNDS              see storm.c; COST_PIDS may name whom it shall watch
//
// Anything unexpected (another status than 200, a close, an event that does not come, one that comes twice or late) ends the
// driver with exit 2.

#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../commands/listeners.h"
#include "../commands/recording.h"
#include "../commands/sockets.h"
#include "../driver/driver.h"
#include "signing.h"
#include "storm.h"

// MESSAGE_BYTES: an event's data. CHANNELS: most channels of one event (protocol, section 10).
enum { MESSAGE_BYTES = 200, CHANNELS = 100, MOST_BODY = 16 << 10, MOST_REQUEST = MOST_BODY + 1024, PATIENCE = 30000 };
enum { MOST_CONNECTIONS = 512, REQUESTS = 256 };

static uint16_t ports[MOST_PORTS], listen_ports[MOST_PORTS], peer_ports[MOST_PORTS];
static uint32_t port_count, listen_port_count, peer_count;

// An event's data: its number, and then letters.
static const char *data_of(uint64_t seq) {
    static char data[MESSAGE_BYTES + 1];
    int length = snprintf(data, sizeof data, "seq=%llu ", (unsigned long long)seq);
    memset(data + length, 'x', (size_t)(MESSAGE_BYTES - length));
    return data;
}

static void publish(int http, const char *body, size_t length) {
    static char request[MOST_REQUEST];
    send_all(http, request, events_request(request, sizeof request, ports[0], body, length));
}

static void publish_to_one(int http, const char *channel, uint64_t seq) {
    char body[512];
    int length = snprintf(body, sizeof body, "{\"name\":\"news\",\"channel\":\"%s\",\"data\":\"%s\"}", channel, data_of(seq));
    publish(http, body, (size_t)length);
}

// Says how many requests that takes.
static uint32_t publish_to_each(int http, const char *channel, uint32_t count, uint64_t seq) {
    static char body[MOST_BODY];
    uint32_t requests = 0;
    for (uint32_t next = 0; next < count; requests++) {
        int length = snprintf(body, sizeof body, "{\"name\":\"news\",\"data\":\"%s\",\"channels\":[", data_of(seq));
        for (uint32_t end = next + CHANNELS < count ? next + CHANNELS : count; next < end; next++) {
            length += snprintf(body + length, 64, "\"%s%u\"%s", channel, next, next + 1 < end ? "," : "]}");
        }
        publish(http, body, (size_t)length);
    }
    return requests;
}

static void await_all(uint64_t seq, uint32_t first, uint32_t end) {
    expect_event(seq, first, end);
    while (behind) listeners_turn(PATIENCE);
}

// -------------------------------------------------------------------------------------------------------- turns

static const char *sides[2] = {"cluster", "peer"};

// What the processes of both sides use in a second in which nothing is told.
static void measure_idleness(double idle[2]) {
    enum { SECONDS = 4 };
    uint64_t until = nanoseconds() + SECONDS * 1000000000ull;
    costs_begin();
    for (uint64_t now; (now = nanoseconds()) < until;) {
        struct epoll_event event;
        // A ping may come, and is answered.
        if (epoll_wait(poller(), &event, 1, (int)((until - now) / 1000000) + 1) == 1) listener_ready(event.data.u32);
    }
    costs_end();
    for (int i = 0; i < 2; i++) idle[i] = costs_of(sides[i]) / SECONDS;
}

static void command_turns(uint32_t count, uint32_t peers, double seconds, uint32_t rounds) {
    static char frame[MOST_MESSAGE];
    if (!peer_count || listener_count) fail("turns needs --peer-ports, and opens its sockets itself");
    listeners_open_public(count, "many", false);
    listeners_open_peer(peers, peer_ports, peer_count);
    peers_connect(peer_ports, peer_count);
    int http = connect_to(ports[0], 0);
    uint64_t seq = 0;
    double idle[2];
    measure_idleness(idle);
    for (uint32_t round = 0; round <= rounds; round++) {
        uint64_t told[2] = {0, 0}, bytes = 0, events = 0;
        costs_begin();
        uint64_t started = nanoseconds(), until = started + (uint64_t)((round ? seconds : 1) * 1e9);
        do {
            frames = frame_bytes = 0;
            publish_to_one(http, "many", ++seq);
            await_all(seq, 0, count);
            read_answers(http, 1);
            told[0] += frames;
            bytes += frame_bytes;
            int length = snprintf(frame, sizeof frame, "{\"event\":\"news\",\"channel\":\"many\",\"data\":\"%s\"}", data_of(seq));
            if (frame_bytes != (uint64_t)length * frames) fail("frames have another length than %d", length);
            frames = 0;
            peers_post(frame, (size_t)length);
            await_all(seq, count, count + peers);
            peers_await_answers();
            told[1] += frames;
            events++;
        } while (nanoseconds() < until);
        double taken = (double)(nanoseconds() - started) / 1e9;
        costs_end();
        if (!round) continue;  // the first is to warm up
        for (int i = 0; i < 2; i++) {
            double cpu = costs_of(sides[i]), busy = cpu - idle[i] * taken;
            printf(
                "{\"phase\":\"turns\",\"sockets\":%u,\"events\":%llu,\"deliveries\":%llu,\"frame_bytes\":%.1f,\"seconds\":%.3f,"
                "\"cpu_s\":%.2f,\"per_cpu_s\":%.0f,\"idle_cpu_per_s\":%.4f,\"per_busy_cpu_s\":%.0f}\n",
                i ? peers : count, (unsigned long long)events, (unsigned long long)told[i], (double)bytes / (double)told[0],
                taken, cpu, cpu > 0 ? (double)told[i] / cpu : 0, idle[i], busy > 0 ? (double)told[i] / busy : 0);
        }
        fflush(stdout);
    }
    peers_close();
    close(http);
}

// ------------------------------------------------------------------------------------------------------- spread

static void command_spread(uint32_t count, uint32_t events, uint32_t rounds) {
    if (listener_count) fail("spread opens its sockets itself");
    listeners_open_public(count, "each-", true);
    listeners_open_public(count, "all", false);
    int http = connect_to(ports[0], 0);
    uint64_t seq = 0;
    for (uint32_t round = 0; round <= rounds; round++) {
        double own[2], all[2];
        uint64_t told[2], bytes[2];
        for (int turn = 0; turn < 2; turn++) {
            int side = turn ^ (int)(round & 1);  // who begins changes
            frames = frame_bytes = 0;
            own[side] = usage_cpu_seconds_of(0);
            all[side] = usage_cpu_seconds();
            for (uint32_t i = 0; i < events; i++) {
                uint32_t requests = 1;
                if (side) publish_to_one(http, "all", ++seq);
                else requests = publish_to_each(http, "each-", count, ++seq);
                await_all(seq, side ? count : 0, side ? 2 * count : count);
                read_answers(http, requests);
            }
            own[side] = usage_cpu_seconds_of(0) - own[side];
            all[side] = usage_cpu_seconds() - all[side];
            told[side] = frames;
            bytes[side] = frame_bytes;
        }
        if (!round) continue;
        for (int i = 0; i < 2; i++) {
            printf(
                "{\"phase\":\"spread\",\"channels\":%u,\"sockets\":%u,\"events\":%u,\"deliveries\":%llu,\"frame_bytes\":%.1f,"
                "\"cpu_s\":%.6f,\"per_cpu_s\":%.0f,\"all_cpu_s\":%.6f,\"all_per_cpu_s\":%.0f}\n",
                i ? 1 : count, count, events, (unsigned long long)told[i], (double)bytes[i] / (double)told[i], own[i],
                (double)told[i] / own[i], all[i], (double)told[i] / all[i]);
        }
        fflush(stdout);
    }
    close(http);
}

// ------------------------------------------------------------------------------------------------------ publish

struct connection {
    int fd;
    uint32_t next;  // the request
    size_t length;
    char answer[2048];
};

static struct request {
    size_t length;
    char text[1024];
} requests[REQUESTS];

static void post_next(struct connection *connection) {
    struct request *request = &requests[connection->next++ % REQUESTS];
    send_all(connection->fd, request->text, request->length);
}

static void command_publish(uint32_t count, double seconds) {
    static struct connection connections[MOST_CONNECTIONS];
    static struct epoll_event ready[MOST_CONNECTIONS];
    if (!count || count > MOST_CONNECTIONS) fail("1 to %d connections", MOST_CONNECTIONS);
    for (uint32_t i = 0; i < REQUESTS; i++) {
        char body[512];
        int length = snprintf(body, sizeof body, "{\"name\":\"news\",\"channel\":\"nobody\",\"data\":\"%s\"}", data_of(1000 + i));
        requests[i].length = events_request(requests[i].text, sizeof requests[i].text, ports[0], body, (size_t)length);
    }
    for (uint32_t i = 0; i < count; i++) {
        connections[i] = (struct connection){.fd = connect_to(ports[0], 1 + i % 4), .next = i};
        watch(connections[i].fd, i);
    }
    uint64_t answered = 0, answer_bytes = 0, started = nanoseconds(), until = started + (uint64_t)(seconds * 1e9);
    double cpu = usage_cpu_seconds();
    uint32_t running = count;
    for (uint32_t i = 0; i < count; i++) post_next(&connections[i]);
    while (running) {
        int found = epoll_wait(poller(), ready, MOST_CONNECTIONS, PATIENCE);
        if (found == 0) fail("%u connections have no answer", running);
        for (int i = 0; i < found; i++) {
            struct connection *connection = &connections[ready[i].data.u32];
            ssize_t more = recv(
                connection->fd, connection->answer + connection->length, sizeof connection->answer - 1 - connection->length,
                MSG_DONTWAIT);
            if (more < 0 && errno == EAGAIN) continue;
            if (more <= 0) fail("a connection was closed");
            connection->length += (size_t)more;
            connection->answer[connection->length] = 0;
            size_t body_length;
            char *body = whole_answer(connection->answer, connection->length, &body_length);
            if (!body) continue;
            if (body_length != 2 || memcmp(body, "{}", 2) != 0) fail("answered: %s", connection->answer);
            answered++;
            answer_bytes += connection->length;
            connection->length = 0;
            if (nanoseconds() < until) post_next(connection);
            else running--;
        }
    }
    seconds = (double)(nanoseconds() - started) / 1e9;
    cpu = usage_cpu_seconds() - cpu;
    errno = 0;
    printf(
        "{\"phase\":\"publish\",\"connections\":%u,\"requests\":%llu,\"request_bytes\":%zu,\"answer_bytes\":%.1f,\"seconds\":%.3f,"
        "\"per_s\":%.0f,\"cpu_s\":%.6f,\"per_cpu_s\":%.0f}\n",
        count, (unsigned long long)answered, requests[0].length, (double)answer_bytes / (double)answered, seconds,
        (double)answered / seconds, cpu, (double)answered / cpu);
    fflush(stdout);
    for (uint32_t i = 0; i < count; i++) close(connections[i].fd);
}

// --------------------------------------------------------------------------------------------------------- main

int main(int count, char **arguments) {
    static const struct option options[] = {{"app", 1, 0, 'a'}, {"ports", 1, 0, 'p'}, {"listen-ports", 1, 0, 'l'},
                                            {"pid", 1, 0, 'i'}, {"peer-ports", 1, 0, 'e'}, {0}};
    struct app app = {0};
    for (int option; (option = getopt_long(count, arguments, "", options, NULL)) != -1;) switch (option) {
        case 'a': app = app_read(optarg); break;
        case 'p': port_count = ports_read(optarg, ports); break;
        case 'l': listen_port_count = ports_read(optarg, listen_ports); break;
        case 'i': usage_start(optarg); break;
        case 'e': peer_count = ports_read(optarg, peer_ports); break;
        default: count = 0;
        }
    if (!app.id || !port_count || optind >= count) {
        fputs("usage: driver --app ID:KEY:SECRET --ports P[,P] COMMAND...; the head of driver.c describes it\n", stderr);
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
    signing_start(&app);
    listeners_start(app.key, listen_ports, listen_port_count);
    listeners_mark("seq=");
    for (int i = optind; i < count; i++) {
        const char *line = arguments[i];
        uint32_t number, more, rounds;
        double seconds;
        char rest;
        if (sscanf(line, "turns %u %u %lf %u %c", &number, &more, &seconds, &rounds, &rest) == 4 && number && more) {
            command_turns(number, more, seconds, rounds);
        } else if (sscanf(line, "spread %u %u %u %c", &number, &more, &rounds, &rest) == 3 && number && more) {
            command_spread(number, more, rounds);
        } else if (sscanf(line, "publish %u %lf %c", &number, &seconds, &rest) == 2) command_publish(number, seconds);
        else if (sscanf(line, "storm %u %u %c", &number, &rounds, &rest) == 2 && number) storm(&app, ports[0], number, rounds);
        else fail("unknown command: %s", line);
    }
    return 0;
}
