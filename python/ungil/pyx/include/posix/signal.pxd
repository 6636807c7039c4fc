# `signal.h`: signals beside those of C.
from posix.types cimport pid_t, sigset_t, uid_t

cdef enum:
    SA_NOCLDSTOP = 1
    SIG_BLOCK = 0
    SIG_UNBLOCK = 1
    SIG_SETMASK = 2
    SA_ONSTACK = 134217728
    SA_RESETHAND = 2147483648
    SA_RESTART = 268435456
    SA_SIGINFO = 4
    SA_NOCLDWAIT = 2
    SA_NODEFER = 1073741824
    SS_ONSTACK = 1
    SS_DISABLE = 2
    MINSIGSTKSZ = 13504
    SIGSTKSZ = 13504
    SIGEV_NONE = 1
    SIGEV_SIGNAL = 0
    SIGEV_THREAD = 2
    SIGEV_THREAD_ID = 4

cdef union sigval:
    int sival_int
    void *sival_ptr
cdef struct sigevent:
    sigval sigev_value
    int sigev_signo
    int sigev_notify
    void (*sigev_notify_function)(sigval) noexcept nogil
    char[40] __pyx_pad0
ctypedef struct siginfo_t:
    int si_signo
    int si_errno
    int si_code
    int __pyx_pad0
    pid_t si_pid
    uid_t si_uid
    int si_status
    char[100] __pyx_pad1
cdef struct sigaction_t:
    void (*sa_handler)(int) noexcept nogil
    sigset_t sa_mask
    int sa_flags
    void *__pyx_pad0
ctypedef struct stack_t:
    void *ss_sp
    int ss_flags
    size_t ss_size

cdef extern from "<signal.h>" nogil:
    int kill(pid_t, int)
    int killpg(pid_t, int)
    int sigaction(int, const sigaction_t *, sigaction_t *)
    int sigpending(sigset_t *)
    int sigprocmask(int, const sigset_t *, sigset_t *)
    int sigsuspend(const sigset_t *)
    int sigaddset(sigset_t *, int)
    int sigdelset(sigset_t *, int)
    int sigemptyset(sigset_t *)
    int sigfillset(sigset_t *)
    int sigismember(const sigset_t *, int)
    int sigaltstack(const stack_t *, stack_t *)
