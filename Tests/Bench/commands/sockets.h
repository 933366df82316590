// What the driver's connections have in common.
#pragma once

#include <stddef.h>
#include <stdint.h>

// Connects to a port of the loopback, from the address 127.0.0.1 + `source`.
int connect_to(uint16_t port, uint32_t source);
void send_all(int fd, const char *bytes, size_t length);
// The body of a whole answer in [answer, answer + length), with its length; NULL while it is not whole. Only 2xx will do.
char *whole_answer(char *answer, size_t length, size_t *body_length);
