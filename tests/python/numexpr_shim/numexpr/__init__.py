"""numexpr's names for ungil's functions, so that numexpr's own tests run on ungil."""

import os

from ungil import (
    NumExpr,
    detect_number_of_cores,
    disassemble,
    evaluate,
    get_num_threads,
    get_vml_version,
    print_versions,
    re_evaluate,
    set_vml_accuracy_mode,
    set_vml_num_threads,
    validate,
)
from ungil import set_num_threads as _set_num_threads
from ungil._ungil import max_threads
from ungil.expressions import E

use_vml = False
MAX_THREADS = int(os.environ.get("NUMEXPR_MAX_THREADS") or 64)
nthreads = get_num_threads()
ncores = detect_number_of_cores()
__version__ = "2.14"


def set_num_threads(n):
    """More threads than ungil has are what it has."""
    return _set_num_threads(min(n, max_threads()))


from numexpr import necompiler, utils  # noqa: E402  (they use the names above)

__all__ = [
    "E",
    "NumExpr",
    "disassemble",
    "evaluate",
    "get_num_threads",
    "get_vml_version",
    "necompiler",
    "print_versions",
    "re_evaluate",
    "set_vml_accuracy_mode",
    "set_vml_num_threads",
    "utils",
    "validate",
]
