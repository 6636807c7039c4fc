# `sys/select.h`: waiting for descriptors.
from posix.time cimport timespec, timeval
from posix.types cimport sigset_t

cdef enum:
    FD_SETSIZE = 1024

ctypedef struct fd_set:
    unsigned long[16] __pyx_bits

cdef extern from "<sys/select.h>" nogil:
    int select(int nfds, fd_set *readfds, fd_set *writefds, fd_set *exceptfds, timeval *timeout)
    int pselect(int nfds, fd_set *readfds, fd_set *writefds, fd_set *exceptfds, const timespec *timeout, const sigset_t *sigmask)

cdef inline void FD_ZERO(fd_set *set) noexcept nogil:
    cdef int k
    for k in range(16):
        set.__pyx_bits[k] = 0
cdef inline void FD_SET(int fd, fd_set *set) noexcept nogil:
    set.__pyx_bits[fd >> 6] |= <unsigned long>1 << (fd & 63)
cdef inline void FD_CLR(int fd, fd_set *set) noexcept nogil:
    set.__pyx_bits[fd >> 6] &= ~(<unsigned long>1 << (fd & 63))
cdef inline bint FD_ISSET(int fd, fd_set *set) noexcept nogil:
    return (set.__pyx_bits[fd >> 6] >> (fd & 63)) & 1
