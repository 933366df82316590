#define _GNU_SOURCE
#include "CLinux.h"

#include <sys/socket.h>

int bellhop_accept(int listener, void *address, unsigned int *length) {
    return accept4(listener, address, length, SOCK_NONBLOCK | SOCK_CLOEXEC);
}
