# `sys/uio.h`: reading to and writing from several places.
from posix.types cimport off_t

cdef enum:
    RWF_DSYNC = 2
    RWF_HIPRI = 1
    RWF_SYNC = 4
    RWF_NOWAIT = 8
    RWF_APPEND = 16

cdef struct iovec:
    void *iov_base
    size_t iov_len

cdef extern from "<sys/uio.h>" nogil:
    ssize_t readv(int fd, const iovec *iov, int iovcnt)
    ssize_t writev(int fd, const iovec *iov, int iovcnt)
    ssize_t preadv(int fd, const iovec *iov, int iovcnt, off_t offset)
    ssize_t pwritev(int fd, const iovec *iov, int iovcnt, off_t offset)
    ssize_t preadv2(int fd, const iovec *iov, int iovcnt, off_t offset, int flags)
    ssize_t pwritev2(int fd, const iovec *iov, int iovcnt, off_t offset, int flags)
