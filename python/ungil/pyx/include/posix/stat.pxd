# `sys/stat.h`: what files are.
from posix.time cimport timespec
from posix.types cimport blkcnt_t, blksize_t, dev_t, gid_t, ino_t, mode_t, nlink_t, off_t, time_t, uid_t

cdef enum:
    S_IFMT = 61440
    S_IFREG = 32768
    S_IFDIR = 16384
    S_IFCHR = 8192
    S_IFBLK = 24576
    S_IFIFO = 4096
    S_IFLNK = 40960
    S_IFSOCK = 49152
    S_ISUID = 2048
    S_ISGID = 1024
    S_ISVTX = 512
    S_IRWXU = 448
    S_IRUSR = 256
    S_IWUSR = 128
    S_IXUSR = 64
    S_IRWXG = 56
    S_IRGRP = 32
    S_IWGRP = 16
    S_IXGRP = 8
    S_IRWXO = 7
    S_IROTH = 4
    S_IWOTH = 2
    S_IXOTH = 1

cdef struct struct_stat:
    dev_t st_dev
    ino_t st_ino
    nlink_t st_nlink
    mode_t st_mode
    uid_t st_uid
    gid_t st_gid
    int __pyx_pad0
    dev_t st_rdev
    off_t st_size
    blksize_t st_blksize
    blkcnt_t st_blocks
    time_t st_atime
    long st_atime_nsec
    time_t st_mtime
    long st_mtime_nsec
    time_t st_ctime
    long st_ctime_nsec
    long[3] __pyx_pad1

cdef extern from "<sys/stat.h>" nogil:
    int chmod(const char *, mode_t)
    int fchmod(int, mode_t)
    int fchmodat(int, const char *, mode_t, int flags)
    int stat(const char *, struct_stat *)
    int lstat(const char *, struct_stat *)
    int fstat(int, struct_stat *)
    int fstatat(int, const char *, struct_stat *, int flags)
    int mkdir(const char *, mode_t)
    int mkdirat(int, const char *, mode_t)
    int mkfifo(const char *, mode_t)
    int mkfifoat(int, const char *, mode_t)
    int mknod(const char *, mode_t, dev_t)
    int mknodat(int, const char *, mode_t, dev_t)
    int futimens(int, const timespec *)
    int utimensat(int, const char *, const timespec *, int flags)

cdef inline int S_ISREG(mode_t mode) noexcept nogil:
    return (mode & S_IFMT) == S_IFREG
cdef inline int S_ISDIR(mode_t mode) noexcept nogil:
    return (mode & S_IFMT) == S_IFDIR
cdef inline int S_ISCHR(mode_t mode) noexcept nogil:
    return (mode & S_IFMT) == S_IFCHR
cdef inline int S_ISBLK(mode_t mode) noexcept nogil:
    return (mode & S_IFMT) == S_IFBLK
cdef inline int S_ISFIFO(mode_t mode) noexcept nogil:
    return (mode & S_IFMT) == S_IFIFO
cdef inline int S_ISLNK(mode_t mode) noexcept nogil:
    return (mode & S_IFMT) == S_IFLNK
cdef inline int S_ISSOCK(mode_t mode) noexcept nogil:
    return (mode & S_IFMT) == S_IFSOCK
