# `signal.h`: signals.

cdef enum:
    SIGFPE = 8
    SIGILL = 4
    SIGSEGV = 11
    SIGBUS = 7
    SIGABRT = 6
    SIGIOT = 6
    SIGTRAP = 5
    SIGSYS = 31
    SIGSTKFLT = 16
    SIGTERM = 15
    SIGINT = 2
    SIGQUIT = 3
    SIGKILL = 9
    SIGHUP = 1
    SIGALRM = 14
    SIGVTALRM = 26
    SIGPROF = 27
    SIGIO = 29
    SIGURG = 23
    SIGPOLL = 29
    SIGCHLD = 17
    SIGCLD = 17
    SIGCONT = 18
    SIGSTOP = 19
    SIGTSTP = 20
    SIGTTIN = 21
    SIGTTOU = 22
    SIGPIPE = 13
    SIGXCPU = 24
    SIGXFSZ = 25
    SIGPWR = 30
    SIGUSR1 = 10
    SIGUSR2 = 12
    SIGWINCH = 28
    SIGRTMIN = 34
    SIGRTMAX = 64

ctypedef void (*sighandler_t)(int) noexcept nogil
ctypedef int sig_atomic_t

cdef extern from "<signal.h>" nogil:
    sighandler_t signal(int signum, sighandler_t action)
    int raise_ "raise"(int)
    void SIG_DFL(int) noexcept
    void SIG_IGN(int) noexcept
    void SIG_ERR(int) noexcept
