// The sockets that hear, and the poller that they and the workers share.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "recording.h"

enum { MOST_SOCKETS = 20000, MOST_MESSAGE = 64 << 10 };

// What was heard, and how many listeners have not heard `awaited` yet.
extern uint64_t frames, frame_bytes, awaited, last_arrival;
extern uint32_t listener_count, behind;

void listeners_start(const char *app_key, const uint16_t *ports, uint32_t count);
// What stands before an event's number, where that is not the hotel's `"seq":`.
void listeners_mark(const char *text);
int poller(void);
// The poller reports `which` when there is something to read.
void watch(int fd, uint32_t which);
// Counts the listeners from `first` up to `end` that have not heard this event.
void expect_event(uint64_t seq, uint32_t first, uint32_t end);
// More sockets, spread over the ports, on the templates' channels in turn.
void listeners_open(uint32_t count, const struct template *templates, uint32_t template_count);
// More sockets, spread over the ports, on this public channel; numbered ones have a channel each, the name with 0, 1, … behind it.
void listeners_open_public(uint32_t count, const char *channel, bool is_numbered);
// More sockets on /fanout of the peers: they hear whatever is posted there.
void listeners_open_peer(uint32_t count, const uint16_t *ports, uint32_t port_count);
void listener_ready(uint32_t index);
// Handles what is ready, where nothing but listeners is watched; fails when nothing is for so long.
void listeners_turn(int milliseconds);
