// The Linux calls that Glibc's Swift module does not import.
#pragma once
#include <sys/epoll.h>
#include <sys/eventfd.h>

// The calls of every event. Glibc's own are points of thread cancellation: in a process with more than one thread each of
// them changes the thread's state with two locked instructions, a hundredth of what an event costs, for something that
// nobody here uses. These go to the kernel directly and set errno as usual.

/// recv(2) with MSG_DONTWAIT.
long bellhop_receive(int descriptor, void *bytes, unsigned long count);

/// send(2) with MSG_DONTWAIT and MSG_NOSIGNAL.
long bellhop_send(int descriptor, const void *bytes, unsigned long count);

/// close(2).
int bellhop_close(int descriptor);

/// accept4(2) with SOCK_NONBLOCK and SOCK_CLOEXEC. `address` and `length` are as there (untyped, so that this header does
/// not claim the socket types, which belong to Glibc's module).
int bellhop_accept(int listener, void *address, unsigned int *length);

/// mallopt(3): large blocks are mapped and given back one by one, and little is kept at a heap's end. These are the values
/// that malloc starts with; once set, it no longer raises them, up to 32 and 64 MiB, with every large block that is freed.
void bellhop_fix_heap_thresholds(void);

/// malloc_trim(3): every whole page that is free goes back to the kernel, in the middle of a heap too.
void bellhop_trim_heap(void);

/// What malloc_trim leaves out: the free end of the calling thread's heap goes back to the kernel if it is large. Costs about
/// a microsecond if it is not.
void bellhop_trim_heap_end(void);

/// mallinfo(3): bytes that were allocated and not freed, in the heaps of all threads.
unsigned long bellhop_heap_in_use(void);
