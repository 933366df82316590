#define _GNU_SOURCE
#include "CLinux.h"

#include <malloc.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

int bellhop_accept(int listener, void *address, unsigned int *length) {
    return (int)syscall(SYS_accept4, listener, address, length, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

long bellhop_receive(int descriptor, void *bytes, unsigned long count) {
    return syscall(SYS_recvfrom, descriptor, bytes, count, MSG_DONTWAIT, NULL, NULL);
}

long bellhop_send(int descriptor, const void *bytes, unsigned long count) {
    return syscall(SYS_sendto, descriptor, bytes, count, MSG_DONTWAIT | MSG_NOSIGNAL, NULL, 0);
}

int bellhop_close(int descriptor) { return (int)syscall(SYS_close, descriptor); }

void bellhop_fix_heap_thresholds(void) {
    mallopt(M_MMAP_THRESHOLD, 128 << 10);
    mallopt(M_TRIM_THRESHOLD, 128 << 10);
}

void bellhop_trim_heap(void) { malloc_trim(0); }

void bellhop_trim_heap_end(void) {
    // More than FASTBIN_CONSOLIDATION_THRESHOLD, above which a free looks at the end, and less than M_MMAP_THRESHOLD.
    void *volatile block = malloc(96 << 10);
    free(block);
}

unsigned long bellhop_heap_in_use(void) {
    struct mallinfo2 all = mallinfo2();
    return all.uordblks + all.hblkhd;
}
