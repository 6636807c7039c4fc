# cython: language_level=3
# Everything of libraries, beside variables of the module.
from posix.time cimport *
from posix.signal cimport *
from libc.signal cimport *
from libc.string cimport memset
from posix.fcntl cimport *
from posix.unistd cimport *
from posix.stat cimport *
from posix.mman cimport *
from libc.errno cimport errno, ENOENT
from libc.string cimport strerror
from cpython.exc cimport PyErr_SetFromErrnoWithFilename
cdef void on_timer(int sig) noexcept nogil:
    global count
    count += 1
cdef int count = 0
def timer():
    cdef sigaction_t act
    cdef itimerval it
    cdef sigset_t s
    memset(&act, 0, sizeof(act))
    act.sa_handler = on_timer
    sigemptyset(&act.sa_mask)
    r = sigaction(SIGUSR2, &act, NULL)
    it.it_interval.tv_sec = 0
    it.it_interval.tv_usec = 0
    it.it_value.tv_sec = 0
    it.it_value.tv_usec = 0
    r2 = setitimer(ITIMER_VIRTUAL, &it, NULL), kill(getpid(), SIGUSR2)
    cdef timespec ts
    ts.tv_sec = 0
    ts.tv_nsec = 50000000
    with nogil:
        nanosleep(&ts, NULL)
    signal(SIGUSR2, SIG_DFL)
    return r, r2, count
def now():
    cdef timeval tv
    gettimeofday(&tv, NULL)
    return tv.tv_sec > 10**9
def best(int n):
    cdef timespec a, b
    cdef double best = 1e9
    with nogil:
        for i in range(n):
            clock_gettime(CLOCK_REALTIME, &a)
            clock_gettime(CLOCK_REALTIME, &b)
            best = min(best, (b.tv_sec - a.tv_sec) + 1e-9 * (b.tv_nsec - a.tv_nsec))
    return best < 1
cdef opened(bytes path):
    cdef int fd = open(path, O_RDONLY)
    if fd == -1:
        PyErr_SetFromErrnoWithFilename(OSError, path)
    return fd
def mapped(bytes path):
    fd = opened(path)
    cdef struct_stat st
    if fstat(fd, &st) == -1: raise OSError
    cdef char *p = <char*>mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0)
    close(fd)
    if p == <char*>MAP_FAILED: raise MemoryError
    try:
        return p[:10]
    finally:
        munmap(p, st.st_size)
def accessible(str path):
    cdef bytes p = path.encode()
    if access(p, F_OK) != 0:
        e = errno
        return e == ENOENT, strerror(e)
    return True
def host():
    cdef char buf[256]
    if gethostname(buf, sizeof(buf)) != 0: raise OSError(errno)
    return buf.decode('ascii')
def piped():
    cdef int fds[2]
    if pipe(fds) == -1: raise OSError
    cdef const char *msg = b"hello"
    cdef ssize_t n
    with nogil:
        n = write(fds[1], msg, 5)
    b = bytearray(5)
    cdef char *q = b
    n += read(fds[0], q, 5)
    close(fds[0]); close(fds[1])
    return n, b
