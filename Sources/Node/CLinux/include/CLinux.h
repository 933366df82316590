// The Linux calls that Glibc's Swift module does not import.
#pragma once
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <time.h>

/// accept4(2) with SOCK_NONBLOCK and SOCK_CLOEXEC.
int bellhop_accept(int listener, struct sockaddr *address, socklen_t *length);
