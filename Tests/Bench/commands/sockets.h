// What the connections of drivers and floors have in common.
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { MOST_PORTS = 64, MOST_ANSWER = 64 << 10, MOST_TEXT_HEAD = 8 };

// Reads `P[,P…]`; says how many there are.
uint32_t ports_read(const char *list, uint16_t into[MOST_PORTS]);

// Connects to a port of the loopback, from the address 127.0.0.1 + `source`.
int connect_to(uint16_t port, uint32_t source);
// Listens on a port of the loopback.
int listen_on(uint16_t port);
// Connects to a Redis, with the password of the environment's REDIS_PASSWORD if there is one.
int redis_connect(uint16_t port);
void send_all(int fd, const char *bytes, size_t length);
// The body of a whole answer in [answer, answer + length), with its length; NULL while it is not whole. Only 2xx will do.
char *whole_answer(char *answer, size_t length, size_t *body_length);
// Waits, while it blocks, for so many whole answers.
void read_answers(int fd, uint32_t count);
// The request that makes a connection a socket of this app; says how long it is.
size_t upgrade_request(char *into, size_t room, const char *key, uint16_t port);
// A client's text frame, which is up to MOST_TEXT_HEAD bytes longer than the text; says how long it is.
size_t frame_text(char *into, const char *text, size_t length);

// ------------------------------------------------------------------------------------------------- peers.c
// Servers whose /fanout tells all their sockets what is posted.

void peers_connect(const uint16_t *ports, uint32_t count);
// Has each of them tell it.
void peers_post(const char *text, size_t length);
void peers_await_answers(void);
void peers_close(void);
