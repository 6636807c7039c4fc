# `sys/ioctl.h`: devices.

cdef enum:
    FIONBIO = 21537

cdef extern from "<sys/ioctl.h>" nogil:
    int ioctl(int fd, int request, ...)
