# `sys/time.h` and `time.h`: clocks and timers.
from posix.signal cimport sigevent
from posix.types cimport clockid_t, pid_t, suseconds_t, time_t, timer_t

cdef enum:
    CLOCK_REALTIME = 0
    TIMER_ABSTIME = 1
    CLOCK_MONOTONIC = 1
    CLOCK_PROCESS_CPUTIME_ID = 2
    CLOCK_THREAD_CPUTIME_ID = 3
    CLOCK_MONOTONIC_RAW = 4
    CLOCK_REALTIME_COARSE = 5
    CLOCK_MONOTONIC_COARSE = 6
    CLOCK_BOOTTIME = 7
    CLOCK_REALTIME_ALARM = 8
    CLOCK_BOOTTIME_ALARM = 9
    ITIMER_REAL = 0
    ITIMER_VIRTUAL = 1
    ITIMER_PROF = 2

cdef struct timezone:
    int tz_minuteswest
    int dsttime
cdef struct timeval:
    time_t tv_sec
    suseconds_t tv_usec
cdef struct timespec:
    time_t tv_sec
    long tv_nsec
cdef struct itimerval:
    timeval it_interval
    timeval it_value
cdef struct itimerspec:
    timespec it_interval
    timespec it_value

cdef extern from "<sys/time.h>" nogil:
    int nanosleep(const timespec *, timespec *)
    int getitimer(int, itimerval *)
    int gettimeofday(timeval *tp, timezone *tzp)
    int setitimer(int, const itimerval *, itimerval *)
    int clock_getcpuclockid(pid_t, clockid_t *)
    int clock_getres(clockid_t, timespec *)
    int clock_gettime(clockid_t, timespec *)
    int clock_nanosleep(clockid_t, int, const timespec *, timespec *)
    int clock_settime(clockid_t, const timespec *)
    int timer_create(clockid_t, sigevent *, timer_t *)
    int timer_delete(timer_t)
    int timer_gettime(timer_t, itimerspec *)
    int timer_getoverrun(timer_t)
    int timer_settime(timer_t, int, const itimerspec *, itimerspec *)
