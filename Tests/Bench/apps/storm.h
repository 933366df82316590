// All sockets of an app are cut at one moment, and come back.
#pragma once

#include <stdint.h>

#include "signing.h"

// Opens so many sockets on one private channel, closes all of them, opens them again as fast as the other side lets them, and waits
// until the last one is subscribed; so many times. One JSON line each.
void storm(const struct app *app, uint16_t port, uint32_t count, uint32_t rounds);
