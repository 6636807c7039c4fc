# `stdio.h`: what POSIX adds to C.
from libc.stddef cimport wchar_t
from libc.stdio cimport FILE
from posix.types cimport off_t

cdef extern from "<stdio.h>" nogil:
    FILE *fdopen(int, const char *)
    int fileno(FILE *)
    FILE *popen(const char *, const char *)
    int pclose(FILE *)
    FILE *fmemopen(void *, size_t, const char *)
    FILE *open_memstream(char **, size_t *)
    FILE *open_wmemstream(wchar_t **, size_t *)
    int fseeko(FILE *, off_t, int)
    off_t ftello(FILE *)
    void flockfile(FILE *)
    int ftrylockfile(FILE *)
    void funlockfile(FILE *)
    int getc_unlocked(FILE *)
    int getchar_unlocked()
    int putc_unlocked(int, FILE *)
    int putchar_unlocked(int)
    ssize_t getline(char **, size_t *, FILE *)
    ssize_t getdelim(char **, size_t *, int, FILE *)
