// floor: the least that must be done to carry a command out, and what the cluster is measured against.
//
//   floor --recording FILE --redis-port P IN-FLIGHT SECONDS      with FLOOR_DATABASE, a URI, and REDIS_PASSWORD
//
// For each command the statements of a node, prepared, with parameters of the same bytes, in the same two round trips
// (recorded by record.py), then the message of the same bytes to Redis. One thread, one epoll, a session with PostgreSQL for
// each command in flight; the next command begins when the last one is committed. No HTTP, no tokens, no decision, no answer.
// The database is one of its own, whose streams no node follows, and nobody listens to its channels.
//
// One JSON line. Whatever the server refuses ends the program with exit 2.

#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <hiredis/hiredis.h>
#include <postgresql/libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "recording.h"

// Behind those of the sessions.
enum { REDIS = UINT32_MAX, MOST_SESSIONS = 512 };

struct session {
    PGconn *server;
    struct template *template;
    struct change *change;  // the one that is being carried out
    uint32_t room, stride;  // of its template: the first, and every `stride`th after it are this session's
    uint32_t first, next_change;
    int trip;
    uint32_t answered;
    uint64_t started;
    uint8_t ids[MOST_NEW_IDS][ID_LENGTH];
};

static struct recording recording;
static struct session sessions[MOST_SESSIONS];
static redisContext *redis;
static uint64_t deadline, commands, published, heard;
static uint32_t running;

static void flush(PGconn *server) {
    int rest;
    while ((rest = PQflush(server)) == 1) continue;
    if (rest < 0) fail("PostgreSQL: %s", PQerrorMessage(server));
}

static void send_trip(struct session *session) {
    const struct trip *trip = &session->change->trips[session->trip];
    session->answered = 0;
    for (uint32_t i = 0; i < trip->count; i++) {
        const struct step *step = &trip->steps[i];
        char name[16];
        snprintf(name, sizeof name, "s%u", step->statement);
        int is_sent = PQsendQueryPrepared(
            session->server, name, (int)step->count, step->values, step->lengths, step->formats, 1);
        if (!is_sent) fail("PostgreSQL: %s", PQerrorMessage(session->server));
    }
    if (!PQpipelineSync(session->server)) fail("PostgreSQL: %s", PQerrorMessage(session->server));
    flush(session->server);
}

// The ids stand in the recording only while they are sent: it is shared by all sessions.
static void send_with_ids(struct session *session) {
    change_fill(session->change, session->ids);
    send_trip(session);
}

static void begin(struct session *session) {
    if (nanoseconds() >= deadline) {
        running--;
        return;
    }
    // Each room is changed, and at the next turn changed back.
    session->change = &session->template->changes[session->next_change];
    memcpy(session->ids[0], session->template->rooms[session->room], ID_LENGTH);
    for (uint32_t i = 1; i <= session->change->new_ids; i++) id_make(session->ids[i]);
    session->room += session->stride;
    if (session->room >= session->template->room_count) {
        session->room = session->first;
        session->next_change = (session->next_change + 1) % CHANGES;
    }
    session->trip = 0;
    session->started = nanoseconds();
    send_with_ids(session);
}

static void publish(struct session *session) {
    // The same length, but nobody's.
    static const char name[] = "benches:";
    change_fill(session->change, session->ids);
    struct change *change = session->change;
    memcpy(change->channel.at, name, sizeof name - 1);
    const char *words[] = {"PUBLISH", change->channel.at, change->message.at};
    const size_t lengths[] = {7, change->channel.length, change->message.length};
    if (redisAppendCommandArgv(redis, 3, words, lengths) != REDIS_OK) fail("Redis: %s", redis->errstr);
    published++;
}

static void trip_is_done(struct session *session) {
    if (session->answered != session->change->trips[session->trip].count) fail("a statement has no answer");
    if (++session->trip < ROUND_TRIPS) return send_with_ids(session);
    publish(session);
    samples_add(nanoseconds() - session->started);
    commands++;
    begin(session);
}

static void take_results(struct session *session) {
    if (!PQconsumeInput(session->server)) fail("PostgreSQL: %s", PQerrorMessage(session->server));
    while (!PQisBusy(session->server)) {
        PGresult *result = PQgetResult(session->server);
        if (!result) {
            if (session->trip == ROUND_TRIPS || session->answered == session->change->trips[session->trip].count) {
                if (PQisBusy(session->server)) return;
                result = PQgetResult(session->server);
                if (!result) return;
            } else {
                continue;
            }
        }
        ExecStatusType status = PQresultStatus(result);
        if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) session->answered++;
        else if (status != PGRES_PIPELINE_SYNC) fail("PostgreSQL: %s", PQresultErrorMessage(result));
        PQclear(result);
        if (status == PGRES_PIPELINE_SYNC) return trip_is_done(session);
    }
}

static void redis_flush(void) {
    int is_done = 0;
    while (!is_done) {
        if (redisBufferWrite(redis, &is_done) != REDIS_OK) fail("Redis: %s", redis->errstr);
    }
}

static void redis_readable(void) {
    void *reply = NULL;
    if (redisBufferRead(redis) != REDIS_OK) fail("Redis: %s", redis->errstr);
    while (redisGetReplyFromReader(redis, &reply) == REDIS_OK && reply) {
        if (((redisReply *)reply)->type != REDIS_REPLY_INTEGER) fail("Redis: %s", ((redisReply *)reply)->str);
        freeReplyObject(reply);
        heard++;
    }
}

static void watch(int poller, int fd, uint32_t which) {
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = which};
    if (epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event) < 0) fail("epoll_ctl");
}

static PGconn *connect_session(const char *uri) {
    PGconn *server = PQconnectdb(uri);
    if (PQstatus(server) != CONNECTION_OK) fail("PostgreSQL: %s", PQerrorMessage(server));
    for (uint32_t i = 0; i < recording.statement_count; i++) {
        const struct statement *statement = &recording.statements[i];
        char name[16];
        snprintf(name, sizeof name, "s%u", i);
        PGresult *result =
            PQprepare(server, name, statement->sql.at, (int)statement->type_count, statement->types);
        if (PQresultStatus(result) != PGRES_COMMAND_OK) fail("PostgreSQL: %s", PQerrorMessage(server));
        PQclear(result);
    }
    if (PQsetnonblocking(server, 1) != 0 || !PQenterPipelineMode(server)) fail("PostgreSQL's pipeline");
    return server;
}

// Gives each session the rooms of one template, or a share of them: no two sessions have a room in common.
static void share_rooms(uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        uint32_t template = i % recording.template_count, share = i / recording.template_count;
        uint32_t sharers = (count - template + recording.template_count - 1) / recording.template_count;
        sessions[i].template = &recording.templates[template];
        sessions[i].first = sessions[i].room = share;
        sessions[i].stride = sharers;
        if (share >= sessions[i].template->room_count) fail("too few rooms for %u commands in flight", count);
    }
}

int main(int count, char **arguments) {
    static const struct option options[] = {{"recording", 1, 0, 'r'}, {"redis-port", 1, 0, 'p'}, {0}};
    const char *path = NULL, *database = getenv("FLOOR_DATABASE");
    int port = 0;
    for (int option; (option = getopt_long(count, arguments, "", options, NULL)) != -1;) switch (option) {
        case 'r': path = optarg; break;
        case 'p': port = atoi(optarg); break;
        default: return 64;
        }
    uint32_t in_flight = optind + 2 == count ? (uint32_t)atoi(arguments[optind]) : 0;
    double seconds = in_flight ? atof(arguments[optind + 1]) : 0;
    if (!path || !database || !port || !in_flight || in_flight > MOST_SESSIONS || seconds <= 0) {
        fputs("usage: floor --recording FILE --redis-port P IN-FLIGHT SECONDS; the head of floor.c describes it\n", stderr);
        return 64;
    }
    recording = recording_read(path);
    int poller = epoll_create1(EPOLL_CLOEXEC);
    share_rooms(in_flight);
    for (uint32_t i = 0; i < in_flight; i++) {
        sessions[i].server = connect_session(database);
        watch(poller, PQsocket(sessions[i].server), i);
    }
    redis = redisConnect("127.0.0.1", port);
    if (!redis || redis->err) fail("Redis on port %d", port);
    const char *password = getenv("REDIS_PASSWORD");
    if (password) {
        redisReply *reply = redisCommand(redis, "AUTH %s", password);
        if (!reply || reply->type == REDIS_REPLY_ERROR) fail("Redis refuses the password");
        freeReplyObject(reply);
    }
    watch(poller, redis->fd, REDIS);

    costs_begin();
    uint64_t started = nanoseconds();
    deadline = started + (uint64_t)(seconds * 1e9);
    running = in_flight;
    for (uint32_t i = 0; i < in_flight; i++) begin(&sessions[i]);
    while (running || heard < published) {
        struct epoll_event events[MOST_SESSIONS + 1];
        redis_flush();
        int ready = epoll_wait(poller, events, MOST_SESSIONS + 1, 10000);
        if (ready == 0) fail("nothing moves any more");
        for (int i = 0; i < ready; i++) {
            if (events[i].data.u32 == REDIS) redis_readable();
            else take_results(&sessions[events[i].data.u32]);
        }
        errno = 0;
    }
    seconds = (double)(nanoseconds() - started) / 1e9;
    costs_end();
    printf(
        "{\"phase\":\"commands\",\"in_flight\":%u,\"commands\":%llu,\"seconds\":%.3f,\"per_s\":%.1f",
        in_flight, (unsigned long long)commands, seconds, (double)commands / seconds);
    samples_print("");
    costs_print();
    puts("}");
    for (uint32_t i = 0; i < in_flight; i++) PQfinish(sessions[i].server);
    return 0;
}
