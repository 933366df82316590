// The Linux calls that Glibc's Swift module does not import.
#pragma once
#include <sys/epoll.h>
#include <sys/eventfd.h>

/// accept4(2) with SOCK_NONBLOCK and SOCK_CLOEXEC. `address` and `length` are as there (untyped, so that this header does
/// not claim the socket types, which belong to Glibc's module).
int bellhop_accept(int listener, void *address, unsigned int *length);
