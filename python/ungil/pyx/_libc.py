"""Functions of the C library that modules cimport, by their prototypes."""

from __future__ import annotations

import ctypes
import ctypes.util
import errno
import functools
import os
import re
from typing import Any

from ungil._c import extern

# Those that `_names` does not have as functions of NumPy.
_OF_DOUBLES = """
    double round(double x)
    double lgamma(double x)
    double tgamma(double x)
    double erf(double x)
    double erfc(double x)
    double logb(double x)
    double remainder(double x, double y)
    double fdim(double x, double y)
    double fma(double x, double y, double z)
    double frexp(double x, int *exponent)
    double modf(double x, double *whole)
    double ldexp(double x, int exponent)
    double scalbn(double x, int exponent)
    double scalbln(double x, long exponent)
    double remquo(double x, double y, int *quotient)
    int ilogb(double x)
    long lround(double x)
    long lrint(double x)
    long long llround(double x)
    long long llrint(double x)
"""


def _single(prototypes: str) -> str:
    """The functions of `float` beside those of `double`."""
    return re.sub(r"(\w+)\(", r"\1f(", prototypes.replace("double", "float"))


PROTOTYPES: dict[str, str] = {
    "libc.math": "\n".join(line for line in _OF_DOUBLES.split("\n") if " erf" not in line)
    + _single(_OF_DOUBLES)
    + """
        int __fpclassify(double x)
        double nan(const char *text)
        float nanf(const char *text)
    """,
    "libc.stdlib": """
        void *malloc(size_t size)
        void *calloc(size_t n, size_t size)
        void *realloc(void *p, size_t size)
        void free(void *p)
        int abs(int x)
        long labs(long x)
        long long llabs(long long x)
        int rand(void)
        void srand(unsigned int seed)
        double atof(const char *text)
        int atoi(const char *text)
        long atol(const char *text)
        long long atoll(const char *text)
        double strtod(const char *text, char **end)
        float strtof(const char *text, char **end)
        long strtol(const char *text, char **end, int base)
        unsigned long strtoul(const char *text, char **end, int base)
        long long strtoll(const char *text, char **end, int base)
        unsigned long long strtoull(const char *text, char **end, int base)
        int system(const char *command)
        void exit(int status)
        void _exit(int status)
        void qsort(void *base, size_t n, size_t size, int (*compare)(const void *a, const void *b))
        void *bsearch(const void *key, const void *base, size_t n, size_t size, int (*compare)(const void *a, const void *b))
        void abort(void)
        char *getenv(const char *name)
    """,
    "libc.string": """
        void *memcpy(void *to, const void *from, size_t n)
        void *memmove(void *to, const void *from, size_t n)
        void *memset(void *to, int value, size_t n)
        int memcmp(const void *a, const void *b, size_t n)
        void *memchr(const void *p, int value, size_t n)
        size_t strlen(const char *text)
        char *strcpy(char *to, const char *from)
        char *strncpy(char *to, const char *from, size_t n)
        int strcmp(const char *a, const char *b)
        int strncmp(const char *a, const char *b, size_t n)
        char *strcat(char *to, const char *from)
        char *strncat(char *to, const char *from, size_t n)
        char *strchr(const char *text, int c)
        char *strrchr(const char *text, int c)
        char *strstr(const char *text, const char *part)
        size_t strspn(const char *text, const char *accept)
        size_t strcspn(const char *text, const char *reject)
        char *strdup(const char *text)
        char *strndup(const char *text, size_t n)
        void *memrchr(const void *p, int value, size_t n)
        char *strpbrk(const char *text, const char *accept)
        char *strtok(char *text, const char *separators)
        char *strsep(char **text, const char *separators)
        char *strcasestr(const char *text, const char *part)
        int strcasecmp(const char *a, const char *b)
        int strncasecmp(const char *a, const char *b, size_t n)
        int strcoll(const char *a, const char *b)
        size_t strxfrm(char *to, const char *from, size_t n)
        char *strerror(int number)
    """,
    "libc.stdio": """
        int puts(const char *text)
        int putchar(int c)
        void perror(const char *text)
        int fflush(FILE *stream)
        FILE *fopen(const char *name, const char *mode)
        int fclose(FILE *stream)
        size_t fread(void *p, size_t size, size_t n, FILE *stream)
        size_t fwrite(const void *p, size_t size, size_t n, FILE *stream)
        int fputs(const char *text, FILE *stream)
        int fseek(FILE *stream, long offset, int origin)
        long ftell(FILE *stream)
        int feof(FILE *stream)
        int ferror(FILE *stream)
        void clearerr(FILE *stream)
        void rewind(FILE *stream)
        FILE *fdopen(int descriptor, const char *mode)
        FILE *freopen(const char *name, const char *mode, FILE *stream)
        FILE *tmpfile(void)
        int getchar(void)
        int getc(FILE *stream)
        int fgetc(FILE *stream)
        int putc(int c, FILE *stream)
        int fputc(int c, FILE *stream)
        int ungetc(int c, FILE *stream)
        char *fgets(char *to, int n, FILE *stream)
        int remove(const char *name)
        int rename(const char *name, const char *other)
        int setvbuf(FILE *stream, char *buffer, int mode, size_t size)
        void setbuf(FILE *stream, char *buffer)
        ssize_t getline(char **line, size_t *n, FILE *stream)
    """,
    "libc.time": """
        time_t time(time_t *t)
        clock_t clock(void)
        double difftime(time_t a, time_t b)
    """,
    # The plain text reads `errno` through the place that it gives.
    "libc.errno": "int *__errno_location(void)",
}

_CONSTANTS: dict[str, dict[str, int]] = {
    "libc.stdlib": {"RAND_MAX": 2**31 - 1, "EXIT_SUCCESS": 0, "EXIT_FAILURE": 1},
    "libc.stdio": {
        "SEEK_SET": 0,
        "SEEK_CUR": 1,
        "SEEK_END": 2,
        "EOF": -1,
        "BUFSIZ": 8192,
        "_IOFBF": 0,
        "_IOLBF": 1,
        "_IONBF": 2,
    },
    "libc.time": {"CLOCKS_PER_SEC": 1000000, "TIME_UTC": 1},
    "libc.errno": {name: getattr(errno, name) for name in dir(errno) if name.startswith("E")},
}


#: Functions behind what headers have as macros.
_NAMED = {"__errno_location": "errno", "__fpclassify": "fpclassify"}


@functools.cache
def functions(module: str) -> dict[str, Any]:
    """Functions and constants of a module of the C library."""
    found: dict[str, Any] = dict(_CONSTANTS.get(module, {}))
    for line in PROTOTYPES[module].split("\n"):
        text = line.strip()
        if text:
            name = text[: text.index("(")].split()[-1].lstrip("*")
            found[_NAMED.get(name, name)] = extern(text, library=_library(module))
    for name, fixed in _VARIADIC.get(module, {}).items():
        place = address(name, ())
        if place is not None:
            found[name] = _special(f"cython.extern:{place}:{name}:fn({fixed},@...)int32")
    for name, types in _TIMES.items() if module == "libc.time" else ():
        found[name] = _special(f"cython.extern:{address(name, ())}:{name}:{types}")
    if module == "libc.stdlib":
        for name, text in QUOTIENTS.items():
            element = "int32" if name == "div" else "int64"
            place = address(name, ())
            found[name] = _special(f"cython.extern:{place}:{name}:fn({element},{element}){text}")
    return found


def _quotient(name: str, element: str) -> str:
    return f"struct {name}_t{{quot {element};rem {element};}}"


# What `div` and its kin give.
QUOTIENTS = {
    name: _quotient(name, element)
    for name, element in (("div", "int32"), ("ldiv", "int64"), ("lldiv", "int64"))
}


# `struct tm` and `struct timespec` of the C library.
TM = (
    "struct tm{"
    + "".join(
        f"tm_{part} int32;" for part in ("sec", "min", "hour", "mday", "mon", "year", "wday", "yday", "isdst")
    )
    + "tm_gmtoff int64;tm_zone *const int8;}"
)
TIMESPEC = "struct timespec{tv_sec int64;tv_nsec int64;}"
_TIMES = {
    "localtime": f"fn(*const int64)*{TM}", "gmtime": f"fn(*const int64)*{TM}",
    "localtime_r": f"fn(*const int64,*{TM})*{TM}", "gmtime_r": f"fn(*const int64,*{TM})*{TM}",
    "mktime": f"fn(*{TM})int64", "asctime": f"fn(*const {TM})*int8", "asctime_r": f"fn(*const {TM},*int8)*int8",
    "ctime": "fn(*const int64)*int8", "ctime_r": "fn(*const int64,*int8)*int8",
    "strptime": f"fn(*const int8,*const int8,*{TM})*int8",
    "strftime": f"fn(*int8,uint64,*const int8,*const {TM})uint64", "tzset": "fn()void",
    "timespec_get": f"fn(*{TIMESPEC},int32)int32",
}  # fmt: skip


def _library(module: str) -> str | None:
    return "libm.so.6" if module == "libc.math" else None


def _special(canonical: str) -> Any:
    from ungil.pyx._names import Special

    return Special(canonical)


# Parameters in front of the variable ones.
_VARIADIC = {
    "libc.stdio": {
        "printf": "*const int8", "fprintf": "*@FILE,*const int8", "sprintf": "*int8,*const int8",
        "snprintf": "*int8,uint64,*const int8", "sscanf": "*const int8,*const int8",
        "scanf": "*const int8", "fscanf": "*@FILE,*const int8",
    },
}  # fmt: skip


def constant(name: str) -> Any:
    """The value of a macro that is known; `None` for others."""
    from ungil.pyx._names import CONSTANTS

    for table in (*CONSTANTS.values(), *_CONSTANTS.values()):
        if name in table:
            return table[name]
    return None


def libraries(source: str) -> tuple[str, ...]:
    """The libraries that a module's `# distutils: libraries =` lines name."""
    found = re.findall(r"^#\s*distutils:\s*libraries\s*=\s*(.*)$", source, re.MULTILINE)
    return tuple(name for line in found for name in line.replace(",", " ").split())


#: Numbers that headers make pointers to functions of.
_FIXED = {"SIG_DFL": 0, "SIG_IGN": 1, "SIG_ERR": 2**64 - 1}


def address(name: str, named: tuple[str, ...]) -> int | None:
    """The address of a function in the process, in C's mathematical library or in a named one."""
    if name in _FIXED:
        return _FIXED[name]
    for library in (None, "libm.so.6", *named):
        try:
            handle = _load(library)
            return ctypes.cast(getattr(handle, name), ctypes.c_void_p).value
        except (OSError, AttributeError):
            continue
    return None


def address_of(canonical: str) -> int:
    """The address of a function of C by what the compiler knows it as."""
    kind, _, rest = canonical.partition(":")
    found = int(rest.split(":")[0]) if kind == "cython.extern" else None
    if kind.startswith("libc.math."):
        found = address(kind.removeprefix("libc.math."), ())
    if not found:
        raise TypeError(f"`{kind}` has no address")
    return found


@functools.cache
def _load(library: str | None) -> ctypes.CDLL:
    if library is None or os.sep in library or library.endswith(".so.6"):
        return ctypes.CDLL(library)
    return ctypes.CDLL(ctypes.util.find_library(library) or f"lib{library}.so")


@functools.cache
def streams() -> Any:
    """The variables of `libc.stdio`: `stdin stdout stderr`."""
    from ungil.pyx._variables import Variables

    made = Variables()
    for name in ("stdin", "stdout", "stderr"):
        made._declare(name, "*@FILE", "FILE *")
        setattr(made, name, ctypes.c_void_p.in_dll(ctypes.CDLL(None), name).value)
    return made
