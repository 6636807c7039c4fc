from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, overload

P = ParamSpec("P")
R = TypeVar("R")

@overload
def jit(function: Callable[P, R], /) -> Callable[P, R]: ...  # type: ignore[overload-overlap]
@overload
def jit(*signature: object, **options: Any) -> Callable[[Callable[P, R]], Callable[P, R]]: ...
@overload
def njit(function: Callable[P, R], /) -> Callable[P, R]: ...  # type: ignore[overload-overlap]
@overload
def njit(*signature: object, **options: Any) -> Callable[[Callable[P, R]], Callable[P, R]]: ...
def _make(function: Any, signatures: list[str], options: dict[str, Any]) -> Any: ...
def _annotated_signature(function: Any) -> str | None: ...
