"""Modules as Cython and a C compiler make them, to compare with."""

import copy
import importlib.util
import shutil
import subprocess
import sys
import sysconfig

import numpy as np


def build(source, folder, level=3):
    """The module of a `.pyx` or pure-Python file as Cython compiles it; Cython and gcc are needed."""
    compiler = shutil.which("gcc")
    assert compiler, "these tests compare with Cython, which needs gcc"
    name = source.stem
    c_file, library = folder / f"{name}.c", folder / (name + sysconfig.get_config_var("EXT_SUFFIX"))
    subprocess.run([sys.executable, "-m", "cython", f"-{level}", str(source), "-o", str(c_file)], check=True)
    include = [f"-I{sysconfig.get_paths()['include']}", f"-I{np.get_include()}"]
    flags = ["-shared", "-fPIC", "-O0", "-fwrapv", "-fno-strict-aliasing", "-fopenmp", "-w"]
    flags.append("-DNPY_NO_DEPRECATED_API=NPY_1_7_API_VERSION")
    subprocess.run([compiler, *flags, *include, str(c_file), "-o", str(library), "-lm"], check=True)
    spec = importlib.util.spec_from_file_location(name, library)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def ending(function, args):
    """The type and value of a result, or the class and message of an exception."""
    try:
        result = function(*args)
    except Exception as error:
        return type(error).__name__, str(error)
    return type(result).__name__, repr(result)


def check(reference, module, name, *calls):
    """Each call of a function, given by its arguments, ends alike."""
    wrong = []
    for args in calls:
        expected, found = ending(getattr(reference, name), args), ending(getattr(module, name), args)
        if expected != found:
            wrong.append(f"{name}{args!r}: Cython {expected}, ungil {found}")
    assert not wrong, "\n".join(wrong)


def outcome(function, args):
    """How a call ends, and what became of the arrays that it was given copies of; of containers it gets copies too."""
    args = [copy.copy(a) if isinstance(a, np.ndarray | list | set | dict) else a for a in args]
    return ending(function, args), [a.tolist() for a in args if isinstance(a, np.ndarray)]


def differences(reference, module, calls):
    """The calls, each a name and arguments, that do not end alike."""
    wrong = []
    for name, *args in calls:
        expected = outcome(getattr(reference, name), args)
        found = outcome(getattr(module, name), args)
        if expected != found:
            wrong.append(f"{name}{tuple(args)!r}: Cython {expected}, ungil {found}")
    return wrong
