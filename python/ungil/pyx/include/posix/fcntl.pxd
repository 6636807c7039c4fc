# `fcntl.h`: descriptors of files.
from posix.types cimport mode_t, off_t, pid_t

cdef enum:
    F_DUPFD = 0
    F_DUPFD_CLOEXEC = 1030
    F_GETFD = 1
    F_SETFD = 2
    F_GETFL = 3
    F_SETFL = 4
    F_GETLK = 5
    F_SETLK = 6
    F_SETLKW = 7
    F_GETOWN = 9
    F_SETOWN = 8
    FD_CLOEXEC = 1
    F_RDLCK = 0
    F_UNLCK = 2
    F_WRLCK = 1
    SEEK_SET = 0
    SEEK_CUR = 1
    SEEK_END = 2
    O_CLOEXEC = 524288
    O_CREAT = 64
    O_DIRECT = 16384
    O_DIRECTORY = 65536
    O_EXCL = 128
    O_NOCTTY = 256
    O_TRUNC = 512
    O_APPEND = 1024
    O_DSYNC = 4096
    O_NONBLOCK = 2048
    O_RSYNC = 1052672
    O_SYNC = 1052672
    O_ACCMODE = 3
    O_RDONLY = 0
    O_WRONLY = 1
    O_RDWR = 2
    AT_FDCWD = -100
    AT_EACCESS = 512
    AT_SYMLINK_NOFOLLOW = 256
    AT_SYMLINK_FOLLOW = 1024
    AT_REMOVEDIR = 512
    S_IFMT = 61440
    S_IFBLK = 24576
    S_IFCHR = 8192
    S_IFIFO = 4096
    S_IFREG = 32768
    S_IFDIR = 16384
    S_IFLNK = 40960
    S_IFSOCK = 49152
    POSIX_FADV_DONTNEED = 4
    POSIX_FADV_NOREUSE = 5
    POSIX_FADV_NORMAL = 0
    POSIX_FADV_RANDOM = 1
    POSIX_FADV_SEQUENTIAL = 2
    POSIX_FADV_WILLNEED = 3

cdef struct flock:
    short l_type
    short l_whence
    off_t l_start
    off_t l_len
    pid_t l_pid

cdef extern from "<fcntl.h>" nogil:
    int creat(const char *, mode_t)
    int fcntl(int, int, ...)
    int open(const char *, int, ...)
    int openat(int, const char *, int, ...)
    int posix_fadvise(int, off_t, off_t, int)
    int posix_fallocate(int, off_t, off_t)
