# `sys/wait.h`: processes that end.
from posix.resource cimport rusage
from posix.signal cimport siginfo_t
from posix.types cimport id_t, pid_t

cdef enum:
    WNOHANG = 1
    WUNTRACED = 2
    WCONTINUED = 8
    WEXITED = 4
    WSTOPPED = 2
    WNOWAIT = 16777216
    P_ALL = 0
    P_PID = 1
    P_PGID = 2

ctypedef int idtype_t

cdef extern from "<sys/wait.h>" nogil:
    pid_t wait(int *stat_loc)
    pid_t waitpid(pid_t pid, int *status, int options)
    int waitid(idtype_t idtype, id_t id, siginfo_t *infop, int options)
    pid_t wait3(int *status, int options, rusage *rusage)
    pid_t wait4(pid_t pid, int *status, int options, rusage *rusage)

cdef inline int WEXITSTATUS(int status) noexcept nogil:
    return (status & 0xff00) >> 8
cdef inline int WTERMSIG(int status) noexcept nogil:
    return status & 0x7f
cdef inline int WSTOPSIG(int status) noexcept nogil:
    return (status & 0xff00) >> 8
cdef inline int WIFEXITED(int status) noexcept nogil:
    return (status & 0x7f) == 0
cdef inline int WIFSIGNALED(int status) noexcept nogil:
    return (status & 0x7f) != 0 and (status & 0x7f) != 0x7f
cdef inline int WIFSTOPPED(int status) noexcept nogil:
    return (status & 0xff) == 0x7f
cdef inline int WIFCONTINUED(int status) noexcept nogil:
    return status == 0xffff
