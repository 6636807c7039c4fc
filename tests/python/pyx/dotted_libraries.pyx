# cython: language_level=3
# Libraries by their dotted names, several of one package.
cimport libc.math
cimport libc.signal
cimport libc.stdlib
cimport posix.time
cimport posix.unistd
cimport posix.types as pt
cimport cpython.datetime
cimport cpython.list
def dotted_numbers(double x):
    return libc.math.sin(x) + libc.signal.SIGINT

def dotted_structs():
    cdef posix.time.timespec t
    posix.time.clock_gettime(posix.time.CLOCK_MONOTONIC, &t)
    return t.tv_sec > 0, posix.unistd.getpid() > 0, sizeof(pt.mode_t)
def dotted_classes(x):
    cdef cpython.datetime.date d = x
    return cpython.list.PyList_Check(x), d
def dotted_calls():
    return libc.stdlib.abs(-3)

K = libc.signal.SIGINT
def dotted_constant():
    return K

