cimport cython

@cython.locals(total=cython.double, i=cython.int)
cdef double inner(double x, int n)

@cython.locals(y=cython.int)
cpdef double outer(double x, int n=*)

cpdef short narrow(short a)

cpdef int checked(int a) except? -1
