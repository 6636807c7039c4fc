# `sys/resource.h`: limits and what was used.
from posix.time cimport timeval
from posix.types cimport id_t

cdef enum:
    PRIO_PROCESS = 0
    PRIO_PGRP = 1
    PRIO_USER = 2
    RLIM_INFINITY = -1
    RLIM_SAVED_MAX = -1
    RLIM_SAVED_CUR = -1
    RUSAGE_SELF = 0
    RUSAGE_CHILDREN = -1
    RLIMIT_CORE = 4
    RLIMIT_CPU = 0
    RLIMIT_DATA = 2
    RLIMIT_FSIZE = 1
    RLIMIT_NOFILE = 7
    RLIMIT_STACK = 3
    RLIMIT_AS = 9

ctypedef unsigned long rlim_t
cdef struct rlimit:
    rlim_t rlim_cur
    rlim_t rlim_max
cdef struct rusage:
    timeval ru_utime
    timeval ru_stime
    long ru_maxrss
    long ru_ixrss
    long ru_idrss
    long ru_isrss
    long ru_minflt
    long ru_majflt
    long ru_nswap
    long ru_inblock
    long ru_oublock
    long ru_msgsnd
    long ru_msgrcv
    long ru_nsignals
    long ru_nvcsw
    long ru_nivcsw

cdef extern from "<sys/resource.h>" nogil:
    int getpriority(int, id_t)
    int getrlimit(int, rlimit *)
    int getrusage(int, rusage *)
    int setpriority(int, id_t, int)
    int setrlimit(int, const rlimit *)
