"""Classes of a module, whose methods are compiled."""

import abc
import dataclasses
import enum
import functools

cimport cython
from cython cimport floating, integral
from libc.stdlib cimport free, malloc

class Meta(type):
    def __new__(mcs, name, bases, ns, **kw):
        cls = super().__new__(mcs, name, bases, ns)
        cls.made = kw.get('made', 0)
        return cls
    def __call__(cls, *args): return super().__call__(*args)
class P(metaclass=Meta, made=3):
    def __new__(cls, int a=1):
        self = super().__new__(cls)
        self.a = a
        return self
    def __init_subclass__(cls, **kw):
        super().__init_subclass__(**kw)
        cls.sub = True
    def __class_getitem__(cls, item): return cls, item
    def __eq__(self, other): return isinstance(other, __class__) and self.a == other.a
    def __hash__(self): return hash(self.a)
    def __repr__(self): return f"P({self.a!r})"
    def __enter__(self): return self
    def __exit__(self, *exc):
        self.exc = exc[0]
        return True
    def __call__(self, double x): return self.a * x
    def __iter__(self):
        cdef int i
        for i in range(self.a): yield i
    def __contains__(self, int x): return x == self.a
    def __bool__(self): return self.a != 0
    def __getattr__(self, str name):
        if name.startswith('q_'): return name[2:]
        raise AttributeError(name)
    def __del__(self): pass
    def __lt__(self, other): return self.a < other.a
class Q(P):
    def __init__(self, int a=5): self.b = a
    def kw(self, *, int x=1, **k): return x, k
    @property
    def v(self): return self.__dict__.get('_v', 0)
    @v.setter
    def v(self, int x): self._v = x
    @functools.lru_cache(maxsize=None)
    def cached(self, int x): return x * 2
    @functools.cached_property
    def cp(self): return self.a + 1
    class Inner:
        def f(self, unsigned char x): return x, __class__.__qualname__
class E(enum.Enum):
    A = 1
    B = 2
    def twice(self, int k=2): return self.value * k
    @classmethod
    def mk(cls, int v): return cls(v)
class Ab(abc.ABC):
    @abc.abstractmethod
    def f(self): ...
class Co(Ab):
    def f(self): return super().f(), 3
@dataclasses.dataclass
class D:
    x: int
    y: float = 2.5
    z: list = dataclasses.field(default_factory=list)
    def total(self, double w): return self.x * w + self.y
@cython.cdivision(True)
class CD:
    def d(self, int a, int b): return a // b, a % b
class Priv:
    __secret = 7
    def __init__(self): self.__x = 5
    def get(self):
        __loc = 3
        return self.__x + self.__secret + __loc
    def ff(self): return f"{self.__x}"
    def kw(self): return dict(__a=1)
    def lam(self): return (lambda: self.__x)()
    def comp(self): return [self.__x + i for i in range(2)]
def deco(f):
    @functools.wraps(f)
    def w(*a, **k): return 'w', f(*a, **k)
    return w
class De:
    @deco
    def f(self, int x): return x
    if True:
        def g(self, int x): return x
    h = g
    def gen(self):
        yield from super().__dir__()
class Base1:
    def f(self, x): return ['Base1']
class L(Base1):
    def f(self, x): return super().f(x) + ['L']
class R(Base1):
    def f(self, x): return super().f(x) + ['R']
class Dia(L, R):
    def f(self, x): return super().f(x) + ['Dia']
class ListSub(list):
    def append(self, int x):
        super().append(x * 2)
    def tot(self): return sum(self)
class DictSub(dict):
    def __missing__(self, k): return k
class NpMeth:
    def m(self, double[:, :] a, int i):
        cdef double[:] r = a[i]
        cdef double s = 0
        for k in range(r.shape[0]): s += r[k]
        return s
def cls_in_fn(int n):
    class Loc:
        def f(self, int x): return x + n
    return Loc
for _i in range(2):
    class Loop:
        i = _i
        def f(self): return super().__repr__ is not None, __class__.i
    if _i == 0: Loop0 = Loop
cdef int helper(int a) except -1:
    if a < 0: raise ValueError("neg %d" % a)
    return a * 2
class Acc:
    """doc"""
    scale = helper(4)
    def __init__(self, double x, int n=3):
        self.x = x
        self.n = n
    def add(self, double[:] v not None):
        cdef double s = 0
        cdef Py_ssize_t i
        for i in range(v.shape[0]):
            s += v[i]
        self.x += s
        return s
    def wrap(self, int a, int b):
        cdef int c = a * b
        return c
    def div(self, int a, int b):
        return a / b
    @cython.cdivision(True)
    def cdiv(self, int a, int b):
        return a // b
    @staticmethod
    def st(int a): return a + 1
    @classmethod
    def cl(cls, unsigned char a): return cls.__name__, a
    @property
    def prop(self):
        cdef int k = self.n
        return k
    def __private(self, int a): return a
    def callpriv(self, a): return self.__private(a)
    def gen(self, int n):
        cdef int i
        for i in range(n): yield i * i
    def clo(self, int n):
        def inner(x): return x + n + self.n
        return inner
    def __len__(self): return self.n
    def __getitem__(self, Py_ssize_t i):
        if i >= self.n: raise IndexError(i)
        return i * self.x
    def __add__(self, other): return Acc(self.x + other.x)
class B(Acc):
    def __init__(self, x):
        super().__init__(x)
        self.y = 1
    def add(self, v):
        return super().add(v) + 1
    def who(self): return __class__.__name__
class F:
    def f(self, floating x): return cython.typeof(x), x
    def g(self, floating[:] a, integral i): return a[i], cython.typeof(i)
    @staticmethod
    def s(integral x): return x
    @classmethod
    def c(cls, floating x): return cls.__name__, x
class G(F):
    def f(self, floating x): return super().f(x), floating is double

class Memory:
    """Casts, pointers and sizes in a class's body and in methods."""
    whole = <int>3.7

    def cast(self, x): return <int>x, <unsigned char>(x + 1), [<int>2.5]

    def squares(self, int n):
        cdef int *p = <int*>malloc(n * sizeof(int))
        cdef int i
        for i in range(n): p[i] = i * i
        try:
            return [p[i] for i in range(n)]
        finally:
            free(p)

    def looks(self): return sorted(n for n in dir(self) if not n.startswith('_')), vars(self), eval('x + 1', {'x': 2})
