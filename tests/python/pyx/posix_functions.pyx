# Functions of POSIX and of the C library by cimport.
cimport posix.unistd as unistd
from libc.complex cimport cabs, carg, cexp, clog, conj, cpow, cproj, csqrt, creal
from libc.errno cimport errno
from libc.locale cimport LC_NUMERIC, lconv, localeconv, setlocale
from libc.signal cimport SIG_DFL, SIG_ERR, SIG_IGN, SIGUSR1, raise_, sig_atomic_t, sighandler_t, signal
from libc.math cimport fpclassify, FP_NORMAL
from libc.stdio cimport FILE, fopen, fclose, getline, fscanf, fputs, rewind, tmpfile
from libc.time cimport strptime, tm
from libc.string cimport memset
from libc.stdbool cimport bool as c_bool
from libc.stdlib cimport free
from posix cimport wait as waiting
from posix.dlfcn cimport RTLD_NOW, dlclose, dlopen, dlsym
from posix.fcntl cimport O_CREAT, O_EXCL, O_RDONLY, O_RDWR, O_TRUNC, F_GETFL, fcntl, flock, open
from posix.ioctl cimport FIONBIO, ioctl
from posix.mman cimport MAP_ANONYMOUS, MAP_FAILED, MAP_PRIVATE, PROT_READ, PROT_WRITE, mmap, munmap
from posix.resource cimport RLIMIT_CORE, RUSAGE_SELF, getrlimit, getrusage, rlimit, rusage
from posix.select cimport FD_ISSET, FD_SET, FD_ZERO, fd_set, select
from posix.signal cimport sigaddset, sigdelset, sigemptyset, sigfillset, sigismember
from posix.stat cimport S_ISDIR, S_ISREG, S_IRWXU, mkdir, stat, struct_stat
from posix.stdlib cimport drand48, erand48, random, realpath, setenv, srand48, srandom, unsetenv
from posix.strings cimport bcmp, bzero, ffs, strcasecmp
from posix.time cimport CLOCK_MONOTONIC, clock_gettime, nanosleep, timespec, timeval
from posix.types cimport mode_t, off_t, pid_t, sigset_t, uid_t
from posix.uio cimport iovec, readv, writev
from posix.unistd cimport _SC_PAGESIZE, R_OK, SEEK_SET, access, close, dup, fork, getpid, getppid, getuid, lseek, pipe, read, rmdir, sysconf, unlink, write, _exit

cdef extern from "<stdlib.h>" nogil:
    int abs(int)

at_the_start = getpid()
flags_at_the_start = O_CREAT | O_EXCL

def processes():
    cdef pid_t own = getpid()
    return own, unistd.getppid() == getppid(), getuid() >= 0, sysconf(_SC_PAGESIZE), at_the_start == own

def sizes():
    return sizeof(mode_t), sizeof(off_t), sizeof(pid_t), sizeof(uid_t), sizeof(sigset_t), sizeof(struct_stat), sizeof(rusage), sizeof(fd_set), sizeof(flock), sizeof(timespec), sizeof(timeval), sizeof(iovec), sizeof(rlimit), sizeof(sig_atomic_t), sizeof(lconv)

def files(bytes folder, bytes text):
    cdef char *path
    cdef char *chars = text
    name = folder + b"/one"
    path = name
    cdef char buffer[16]
    cdef struct_stat about
    cdef int fd = open(path, O_CREAT | O_EXCL | O_RDWR, 0o600)
    if fd < 0:
        return errno
    with nogil:
        n = write(fd, chars, 5)
    place = lseek(fd, 1, SEEK_SET), lseek(fd, 0, 1)
    m = read(fd, buffer, 16)
    flags = fcntl(fd, F_GETFL) & 3
    close(fd)
    if stat(path, &about):
        raise OSError(errno, "no file")
    kinds = S_ISREG(about.st_mode), S_ISDIR(about.st_mode), about.st_mode & 0o777, about.st_size
    again = open(path, O_CREAT | O_EXCL | O_RDWR, 0o600), errno
    return n, place, m, buffer[:m], flags, kinds, again, unlink(path), access(path, R_OK)

def folders(bytes path):
    cdef struct_stat about
    made = mkdir(path, S_IRWXU)
    found = stat(path, &about)
    return made, found, bool(S_ISDIR(about.st_mode)), about.st_mode & 0o777, rmdir(path), rmdir(path), errno

def paths(bytes path):
    cdef char *found = realpath(path, NULL)
    if found is NULL:
        raise OSError(errno, "gone")
    try:
        return <bytes>found
    finally:
        free(found)

def pipes(bytes text, bint fill):
    cdef int ends[2]
    cdef fd_set ready
    cdef timeval limit
    cdef iovec places[2]
    cdef char a[2]
    cdef char b[8]
    if pipe(ends):
        return None
    if fill:
        write(ends[1], <const char *>text, len(text))
    limit.tv_sec = 0
    limit.tv_usec = 1000
    FD_ZERO(&ready)
    FD_SET(ends[0], &ready)
    n = select(ends[0] + 1, &ready, NULL, NULL, &limit)
    is_ready = FD_ISSET(ends[0], &ready), FD_ISSET(ends[1], &ready)
    got = 0
    if fill:
        places[0].iov_base = <void *>a
        places[0].iov_len = 2
        places[1].iov_base = <void *>b
        places[1].iov_len = 8
        got = readv(ends[0], places, 2)
    close(ends[0])
    close(ends[1])
    return n, is_ready, got, a[:2] if fill else None

def not_blocking():
    cdef int ends[2]
    cdef int on = 1
    cdef char b[1]
    pipe(ends)
    status = ioctl(ends[0], FIONBIO, &on)
    n = read(ends[0], b, 1)
    number = errno
    close(ends[0])
    close(ends[1])
    return status, n, number

def clocks():
    cdef timespec before, after, pause
    pause.tv_sec = 0
    pause.tv_nsec = 1000
    a = clock_gettime(CLOCK_MONOTONIC, &before)
    with nogil:
        nanosleep(&pause, NULL)
    b = clock_gettime(CLOCK_MONOTONIC, &after)
    return a, b, (after.tv_sec - before.tv_sec) * 10**9 + after.tv_nsec - before.tv_nsec >= 1000

def numbers(unsigned int seed):
    cdef unsigned short state[3]
    state[0], state[1], state[2] = 1, 2, 3
    srandom(seed)
    srand48(seed)
    return random(), random(), drand48(), erand48(state), state[0]

def environment(bytes name, bytes value):
    return setenv(name, value, 1), unsetenv(name), setenv(b"=", value, 1), errno

def memory(size_t n):
    cdef unsigned char *p = <unsigned char *>mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    if p == MAP_FAILED:
        return errno
    p[0] = 7
    found = p[0], p[n - 1]
    return found, munmap(p, n)

def limits():
    cdef rlimit found
    cdef rusage used
    return getrlimit(RLIMIT_CORE, &found), found.rlim_cur <= found.rlim_max, getrusage(RUSAGE_SELF, &used), used.ru_maxrss > 0, used.ru_utime.tv_usec >= 0

def children(int status):
    cdef int told = 0
    cdef pid_t child = fork()
    if child == 0:
        _exit(status)
    same = waiting.waitpid(child, &told, 0) == child
    return same, waiting.WIFEXITED(told) != 0, waiting.WEXITSTATUS(told), waiting.WIFSIGNALED(told) != 0

cdef int caught = 0

cdef void handle(int number) noexcept nogil:
    global caught
    caught += number

def signals(int n):
    global caught
    cdef sighandler_t before = signal(SIGUSR1, handle)
    cdef int i
    if before == SIG_ERR:
        return None
    caught = 0
    for i in range(n):
        raise_(SIGUSR1)
    mine = signal(SIGUSR1, SIG_IGN) == handle
    raise_(SIGUSR1)
    ignored = signal(SIGUSR1, before) == SIG_IGN
    return caught, mine, ignored, before == SIG_DFL

def signal_sets(int k):
    cdef sigset_t some
    sigemptyset(&some)
    empty = sigismember(&some, k)
    return empty, sigaddset(&some, k), sigismember(&some, k), sigdelset(&some, k), sigfillset(&some), sigismember(&some, k)

def libraries(int x):
    cdef void *process = dlopen(NULL, RTLD_NOW)
    cdef int (*function)(int) noexcept nogil
    function = <int (*)(int) noexcept nogil>dlsym(process, b"abs")
    if function == NULL:
        return None
    y = function(x)
    return y, dlclose(process), dlsym(NULL, b"no_function_of_this_name") == NULL

def texts(bytes a, bytes b):
    cdef char buffer[3]
    buffer[0] = buffer[1] = buffer[2] = 65
    bzero(buffer, 2)
    return strcasecmp(a, b) == 0, bcmp(<const char *>a, <const char *>b, 2) == 0, ffs(40), buffer[1], buffer[2]

def locale():
    cdef lconv *found
    name = setlocale(LC_NUMERIC, NULL)
    found = localeconv()
    return <bytes>found.decimal_point, found.frac_digits, name

def complex_numbers(double complex z, double complex w):
    return csqrt(z), cexp(z), cpow(z, w), clog(z), conj(z), cproj(z), cabs(z), carg(z), creal(z)

cdef double complex turned(double complex z) noexcept nogil:
    return csqrt(z) * cexp(1j * carg(z))

def turns(double complex[:] v):
    cdef Py_ssize_t i
    cdef double complex total = 0
    with nogil:
        for i in range(v.shape[0]):
            total += turned(v[i])
    return total

def truths(c_bool a, int b):
    cdef c_bool c = b
    return a, c

def kinds_of_numbers(double x): return fpclassify(x), fpclassify(x) == FP_NORMAL
def lines_of_files():
    cdef FILE *f = tmpfile()
    cdef char *line = NULL
    cdef size_t n = 0
    cdef int k = 0, l = 0
    fputs(b"12 34\\nword\\n", f)
    rewind(f)
    r = fscanf(f, b"%d %d", &k, &l)
    rewind(f)
    m = getline(&line, &n, f)
    out = line[:m]
    free(line)
    fclose(f)
    return r, k, l, m, out
def parsed_dates(bytes s):
    cdef tm t
    memset(&t, 0, sizeof(t))
    if strptime(s, b"%Y-%m-%d", &t) == NULL: return None
    return t.tm_year, t.tm_mon, t.tm_mday
