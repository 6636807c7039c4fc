"""The package's version, from the extension module."""

from ungil._ungil import __version__ as __version__
