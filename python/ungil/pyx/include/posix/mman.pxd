# `sys/mman.h`: pages of memory.
from posix.types cimport mode_t, off_t

cdef enum:
    PROT_EXEC = 4
    PROT_READ = 1
    PROT_WRITE = 2
    PROT_NONE = 0
    MAP_PRIVATE = 2
    MAP_SHARED = 1
    MAP_FIXED = 16
    MAP_ANON = 32
    MAP_ANONYMOUS = 32
    MAP_STACK = 131072
    MAP_LOCKED = 8192
    MAP_HUGETLB = 262144
    MAP_POPULATE = 32768
    MAP_NORESERVE = 16384
    MAP_GROWSDOWN = 256
    MS_ASYNC = 1
    MS_SYNC = 4
    MS_INVALIDATE = 2
    POSIX_MADV_NORMAL = 0
    POSIX_MADV_SEQUENTIAL = 2
    POSIX_MADV_RANDOM = 1
    POSIX_MADV_WILLNEED = 3
    POSIX_MADV_DONTNEED = 4
    MCL_CURRENT = 1
    MCL_FUTURE = 2
    MLOCK_ONFAULT = 1
    MCL_ONFAULT = 4
    MADV_NORMAL = 0
    MADV_RANDOM = 1
    MADV_SEQUENTIAL = 2
    MADV_WILLNEED = 3
    MADV_DONTNEED = 4
    MADV_REMOVE = 9
    MADV_DONTFORK = 10
    MADV_DOFORK = 11
    MADV_HWPOISON = 100
    MADV_MERGEABLE = 12
    MADV_UNMERGEABLE = 13
    MADV_HUGEPAGE = 14
    MADV_NOHUGEPAGE = 15
    MADV_DONTDUMP = 16
    MADV_DODUMP = 17
    MADV_FREE = 8
    MADV_WIPEONFORK = 18
    MADV_KEEPONFORK = 19

cdef extern from "<sys/mman.h>" nogil:
    void *mmap(void *addr, size_t Len, int prot, int flags, int fd, off_t off)
    int munmap(void *addr, size_t Len)
    int mprotect(void *addr, size_t Len, int prot)
    int msync(void *addr, size_t Len, int flags)
    int posix_madvise(void *addr, size_t Len, int advice)
    int mlock(const void *addr, size_t Len)
    int munlock(const void *addr, size_t Len)
    int mlockall(int flags)
    int munlockall()
    int mlock2(const void *addr, size_t len, int flags)
    int shm_open(const char *name, int oflag, mode_t mode)
    int shm_unlink(const char *name)
    int madvise(void *addr, size_t Len, int advice)
    int mincore(void *addr, size_t Len, unsigned char *vec)
    void *mremap(void *old_addr, size_t old_len, size_t new_len, int flags, ...)
    int remap_file_pages(void *addr, size_t Len, int prot, size_t pgoff, int flags)
