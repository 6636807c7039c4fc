# cython: language_level=3
from libc.stdlib cimport malloc, free
from libc.stdio cimport printf


def canonical(Py_ssize_t n):
    cdef Py_ssize_t i
    cdef double total = 0
    cdef double *p = <double *> malloc(n * sizeof(double))
    if not p:
        raise MemoryError()
    try:
        for i in range(n):
            p[i] = i * 0.5
        for i in range(n):
            total += p[i]
        return total
    finally:
        free(p)


cdef double inner(double *p, int n, int how) except? -1 nogil:
    cdef int i
    cdef double total = 0
    try:
        for i in range(n):
            if how == 1 and i == 3:
                break
            if how == 2 and i % 2:
                continue
            if how == 3 and i == 4:
                return total + 1000
            if how == 4 and i == 5:
                raise ValueError("five")
            if how == 5 and i == 2:
                raise ZeroDivisionError
            total += p[i]
    finally:
        p[0] += 1
    return total


def through(int n, int how):
    cdef double *p = <double *> malloc(n * sizeof(double))
    cdef int i
    cdef double found = -1
    if p == NULL:
        raise MemoryError()
    try:
        for i in range(n):
            p[i] = i
        with nogil:
            found = inner(p, n, how)
        return found, p[0]
    except ZeroDivisionError:
        return -2.0, p[0]
    finally:
        free(p)


cdef int swallowed(int how) noexcept nogil:
    cdef int i
    for i in range(3):
        try:
            if how:
                raise ValueError
            else:
                return 1
        finally:
            if i < 2:
                continue
            else:
                break
    return 2 + i


def swallow(int how):
    return swallowed(how)


# Cython has `except` with the lock only: what follows is compared with the same text without `nogil`.


cdef int steps(int how, int *log) except -7 nogil:
    cdef int i = 0
    while i < 4:
        i += 1
        try:
            log[0] = log[0] * 10 + 1
            try:
                if how == 1:
                    raise IndexError("one")
                if how == 2:
                    continue
                if how == 3:
                    break
                if how == 4:
                    return 40
                if how == 5:
                    raise KeyError("five")
            finally:
                log[0] = log[0] * 10 + 2
        except IndexError:
            log[0] = log[0] * 10 + 3
            if i == 2:
                raise
        else:
            log[0] = log[0] * 10 + 4
        finally:
            log[0] = (log[0] * 10 + 5) % 1000003
    return log[0]


def logs(int how):
    cdef int log = 0
    cdef int result
    try:
        result = steps(how, &log)
    except LookupError:
        return -1, log
    return result, log


cdef int kinds(int how) except -1 nogil:
    try:
        if how == 0:
            raise OverflowError("zero")
        if how == 1:
            raise FloatingPointError("one")
        if how == 2:
            raise NotImplementedError("two")
        if how == 3:
            raise OSError("three")
        if how == 4:
            raise Exception("four")
        if how == 5:
            raise AssertionError
    except (ArithmeticError, AssertionError):
        return 10
    except RuntimeError:
        return 20
    except:
        if how == 4:
            raise
        return 30
    else:
        how += 100
    return how


def kind(int how):
    return kinds(how)


cdef int replaced(int how) except -1 nogil:
    try:
        raise ValueError("first")
    except ValueError:
        if how == 1:
            raise KeyError("second")
        try:
            raise TypeError("third")
        except TypeError:
            how += 1
        if how == 3:
            raise
    finally:
        if how == 5:
            return 55
    return how


def replacing(int how):
    return replaced(how)


def checks(double[:] a, int i):
    cdef double x = 0
    cdef int n = 0
    with nogil:
        try:
            x = a[i]
            n = 1
        except IndexError:
            n = -1
        finally:
            n *= 2
    return x, n


def divides(int a, int b):
    cdef int q = 0
    with nogil:
        try:
            q = a // b
        except ZeroDivisionError:
            q = -100
    return q


def assigned_before(int how):
    cdef int a = 1, b = 2
    with nogil:
        try:
            a = 10
            if how:
                raise ValueError("x")
            b = 20
        except ValueError:
            a += 100
            b += 100
    return a, b


def search(double[:, :] a, double what):
    cdef Py_ssize_t i, j
    cdef int steps = 0
    cdef int *count = <int *> malloc(sizeof(int))
    count[0] = 0
    try:
        for i in range(a.shape[0]):
            for j in range(a.shape[1]):
                count[0] += 1
                if a[i, j] == what:
                    return i, j, count[0]
    finally:
        free(count)
    raise KeyError("nothing")


def loops(int n):
    cdef int i, errors = 0, cleaned = 0
    with nogil:
        for i in range(n):
            try:
                try:
                    if i % 3 == 0:
                        raise ValueError("a")
                    if i % 3 == 1:
                        continue
                except ValueError:
                    errors += 1
                    if errors > 5:
                        break
            finally:
                cleaned += 1
    return errors, cleaned, i
