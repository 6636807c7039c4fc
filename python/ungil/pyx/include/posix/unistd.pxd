# `unistd.h`: processes, files by descriptors, what the system is set to.
from posix.types cimport gid_t, off_t, pid_t, uid_t

cdef enum:
    R_OK = 4
    W_OK = 2
    X_OK = 1
    F_OK = 0
    _CS_PATH = 0
    _CS_POSIX_V6_ILP32_OFF32_CFLAGS = 1116
    _CS_POSIX_V6_ILP32_OFF32_LDFLAGS = 1117
    _CS_POSIX_V6_ILP32_OFF32_LIBS = 1118
    _CS_POSIX_V6_ILP32_OFFBIG_CFLAGS = 1120
    _CS_POSIX_V6_ILP32_OFFBIG_LDFLAGS = 1121
    _CS_POSIX_V6_ILP32_OFFBIG_LIBS = 1122
    _CS_POSIX_V6_LP64_OFF64_CFLAGS = 1124
    _CS_POSIX_V6_LP64_OFF64_LDFLAGS = 1125
    _CS_POSIX_V6_LP64_OFF64_LIBS = 1126
    _CS_POSIX_V6_LPBIG_OFFBIG_CFLAGS = 1128
    _CS_POSIX_V6_LPBIG_OFFBIG_LDFLAGS = 1129
    _CS_POSIX_V6_LPBIG_OFFBIG_LIBS = 1130
    _CS_POSIX_V6_WIDTH_RESTRICTED_ENVS = 1
    SEEK_SET = 0
    SEEK_CUR = 1
    SEEK_END = 2
    F_LOCK = 1
    F_TEST = 3
    F_TLOCK = 2
    F_ULOCK = 0
    _PC_2_SYMLINKS = 20
    _PC_ALLOC_SIZE_MIN = 18
    _PC_ASYNC_IO = 10
    _PC_CHOWN_RESTRICTED = 6
    _PC_FILESIZEBITS = 13
    _PC_LINK_MAX = 0
    _PC_MAX_CANON = 1
    _PC_MAX_INPUT = 2
    _PC_NAME_MAX = 3
    _PC_NO_TRUNC = 7
    _PC_PATH_MAX = 4
    _PC_PIPE_BUF = 5
    _PC_PRIO_IO = 11
    _PC_REC_INCR_XFER_SIZE = 14
    _PC_REC_MIN_XFER_SIZE = 16
    _PC_REC_XFER_ALIGN = 17
    _PC_SYMLINK_MAX = 19
    _PC_SYNC_IO = 9
    _PC_VDISABLE = 8
    _SC_2_C_BIND = 47
    _SC_2_C_DEV = 48
    _SC_2_CHAR_TERM = 95
    _SC_2_FORT_DEV = 49
    _SC_2_FORT_RUN = 50
    _SC_2_LOCALEDEF = 52
    _SC_2_PBS = 168
    _SC_2_PBS_ACCOUNTING = 169
    _SC_2_PBS_CHECKPOINT = 175
    _SC_2_PBS_LOCATE = 170
    _SC_2_PBS_MESSAGE = 171
    _SC_2_PBS_TRACK = 172
    _SC_2_SW_DEV = 51
    _SC_2_UPE = 97
    _SC_2_VERSION = 46
    _SC_ADVISORY_INFO = 132
    _SC_AIO_LISTIO_MAX = 23
    _SC_AIO_MAX = 24
    _SC_AIO_PRIO_DELTA_MAX = 25
    _SC_ARG_MAX = 0
    _SC_ASYNCHRONOUS_IO = 12
    _SC_ATEXIT_MAX = 87
    _SC_BARRIERS = 133
    _SC_BC_BASE_MAX = 36
    _SC_BC_DIM_MAX = 37
    _SC_BC_SCALE_MAX = 38
    _SC_BC_STRING_MAX = 39
    _SC_CHILD_MAX = 1
    _SC_CLK_TCK = 2
    _SC_CLOCK_SELECTION = 137
    _SC_COLL_WEIGHTS_MAX = 40
    _SC_CPUTIME = 138
    _SC_DELAYTIMER_MAX = 26
    _SC_EXPR_NEST_MAX = 42
    _SC_FSYNC = 15
    _SC_GETGR_R_SIZE_MAX = 69
    _SC_GETPW_R_SIZE_MAX = 70
    _SC_HOST_NAME_MAX = 180
    _SC_IOV_MAX = 60
    _SC_IPV6 = 235
    _SC_JOB_CONTROL = 7
    _SC_LINE_MAX = 43
    _SC_LOGIN_NAME_MAX = 71
    _SC_MAPPED_FILES = 16
    _SC_MEMLOCK = 17
    _SC_MEMLOCK_RANGE = 18
    _SC_MEMORY_PROTECTION = 19
    _SC_MESSAGE_PASSING = 20
    _SC_MONOTONIC_CLOCK = 149
    _SC_MQ_OPEN_MAX = 27
    _SC_MQ_PRIO_MAX = 28
    _SC_NGROUPS_MAX = 3
    _SC_OPEN_MAX = 4
    _SC_PAGE_SIZE = 30
    _SC_PAGESIZE = 30
    _SC_PRIORITIZED_IO = 13
    _SC_PRIORITY_SCHEDULING = 10
    _SC_RAW_SOCKETS = 236
    _SC_RE_DUP_MAX = 44
    _SC_READER_WRITER_LOCKS = 153
    _SC_REALTIME_SIGNALS = 9
    _SC_REGEXP = 155
    _SC_RTSIG_MAX = 31
    _SC_SAVED_IDS = 8
    _SC_SEM_NSEMS_MAX = 32
    _SC_SEM_VALUE_MAX = 33
    _SC_SEMAPHORES = 21
    _SC_SHARED_MEMORY_OBJECTS = 22
    _SC_SHELL = 157
    _SC_SIGQUEUE_MAX = 34
    _SC_SPAWN = 159
    _SC_SPIN_LOCKS = 154
    _SC_SPORADIC_SERVER = 160
    _SC_SS_REPL_MAX = 241
    _SC_STREAM_MAX = 5
    _SC_SYMLOOP_MAX = 173
    _SC_SYNCHRONIZED_IO = 14
    _SC_THREAD_ATTR_STACKADDR = 77
    _SC_THREAD_ATTR_STACKSIZE = 78
    _SC_THREAD_CPUTIME = 139
    _SC_THREAD_DESTRUCTOR_ITERATIONS = 73
    _SC_THREAD_KEYS_MAX = 74
    _SC_THREAD_PRIO_INHERIT = 80
    _SC_THREAD_PRIO_PROTECT = 81
    _SC_THREAD_PRIORITY_SCHEDULING = 79
    _SC_THREAD_PROCESS_SHARED = 82
    _SC_THREAD_SAFE_FUNCTIONS = 68
    _SC_THREAD_SPORADIC_SERVER = 161
    _SC_THREAD_STACK_MIN = 75
    _SC_THREAD_THREADS_MAX = 76
    _SC_THREADS = 67
    _SC_TIMEOUTS = 164
    _SC_TIMER_MAX = 35
    _SC_TIMERS = 11
    _SC_TRACE = 181
    _SC_TRACE_EVENT_FILTER = 182
    _SC_TRACE_EVENT_NAME_MAX = 242
    _SC_TRACE_INHERIT = 183
    _SC_TRACE_LOG = 184
    _SC_TRACE_NAME_MAX = 243
    _SC_TRACE_SYS_MAX = 244
    _SC_TRACE_USER_EVENT_MAX = 245
    _SC_TTY_NAME_MAX = 72
    _SC_TYPED_MEMORY_OBJECTS = 165
    _SC_TZNAME_MAX = 6
    _SC_V6_ILP32_OFF32 = 176
    _SC_V6_ILP32_OFFBIG = 177
    _SC_V6_LP64_OFF64 = 178
    _SC_V6_LPBIG_OFFBIG = 179
    _SC_VERSION = 29
    _SC_XBS5_ILP32_OFF32 = 125
    _SC_XBS5_ILP32_OFFBIG = 126
    _SC_XBS5_LP64_OFF64 = 127
    _SC_XBS5_LPBIG_OFFBIG = 128
    _SC_XOPEN_CRYPT = 92
    _SC_XOPEN_ENH_I18N = 93
    _SC_XOPEN_LEGACY = 129
    _SC_XOPEN_REALTIME = 130
    _SC_XOPEN_REALTIME_THREADS = 131
    _SC_XOPEN_SHM = 94
    _SC_XOPEN_STREAMS = 246
    _SC_XOPEN_UNIX = 91
    _SC_XOPEN_VERSION = 89
    STDIN_FILENO = 0
    STDOUT_FILENO = 1
    STDERR_FILENO = 2

ctypedef unsigned int useconds_t

cdef extern from "<unistd.h>" nogil:
    int access(const char *, int)
    unsigned alarm(unsigned)
    int chdir(const char *)
    int chown(const char *, uid_t, gid_t)
    int close(int)
    size_t confstr(int, char *, size_t)
    char *ctermid(char *)
    int dup(int)
    int dup2(int, int)
    int execl(const char *, const char *, ...)
    int execle(const char *, const char *, ...)
    int execlp(const char *, const char *, ...)
    int execv(const char *, char *[])
    int execve(const char *, char *[], char *[])
    int execvp(const char *, char *[])
    void _exit(int)
    int fchown(int, uid_t, gid_t)
    int fchdir(int)
    int fdatasync(int)
    pid_t fork()
    long fpathconf(int, int)
    int fsync(int)
    int ftruncate(int, off_t)
    char *getcwd(char *, size_t)
    gid_t getegid()
    uid_t geteuid()
    gid_t getgid()
    int getgroups(int, gid_t [])
    long gethostid()
    int gethostname(char *, size_t)
    char *getlogin()
    int getlogin_r(char *, size_t)
    int getopt(int, char * [], const char *)
    pid_t getpgid(pid_t)
    pid_t getpgrp()
    pid_t getpid()
    pid_t getppid()
    pid_t getsid(pid_t)
    uid_t getuid()
    int isatty(int)
    int lchown(const char *, uid_t, gid_t)
    int link(const char *, const char *)
    int lockf(int, int, off_t)
    off_t lseek(int, off_t, int)
    int nice(int)
    long pathconf(char *, int)
    int pause()
    int pipe(int [2])
    ssize_t pread(int, void *, size_t, off_t)
    ssize_t pwrite(int, const void *, size_t, off_t)
    ssize_t read(int, void *, size_t)
    ssize_t readlink(const char *, char *, size_t)
    int rmdir(const char *)
    int setegid(gid_t)
    int seteuid(uid_t)
    int setgid(gid_t)
    int setpgid(pid_t, pid_t)
    pid_t setpgrp()
    int setregid(gid_t, gid_t)
    int setreuid(uid_t, uid_t)
    pid_t setsid()
    int setuid(uid_t)
    unsigned sleep(unsigned)
    void swab(const void *, void *, ssize_t)
    int symlink(const char *, const char *)
    void sync()
    long sysconf(int)
    pid_t tcgetpgrp(int)
    int tcsetpgrp(int, pid_t)
    int truncate(const char *, off_t)
    char *ttyname(int)
    int ttyname_r(int, char *, size_t)
    useconds_t ualarm(useconds_t, useconds_t)
    int unlink(const char *)
    int usleep(useconds_t)
    pid_t vfork()
    ssize_t write(int, const void *, size_t)
