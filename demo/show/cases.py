"""The list of demonstrations: which script, which kernel, and on which reduced size pure Python runs."""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Case:
    """One script: its kernel's name, and a smaller job for pure Python with the factor to the whole."""

    script: str
    kernel: str
    title: str
    size: str
    reduce: Callable[[tuple[Any, ...]], tuple[tuple[Any, ...], float]]

    @property
    def module(self) -> Any:
        return importlib.import_module(self.script)


def fewer_points(arguments: tuple[Any, ...]) -> tuple[tuple[Any, ...], float]:
    p, q = arguments
    few = 200
    return (p[:few], q[:, :few]), (len(p) / few) ** 2


def coarser_grid(arguments: tuple[Any, ...]) -> tuple[tuple[Any, ...], float]:
    x, y, cutoff = arguments
    return (x[::25], y[::25], cutoff), x.size * y.size / (x[::25].size * y[::25].size)


def part_of_the_photo(arguments: tuple[Any, ...]) -> tuple[tuple[Any, ...], float]:
    image, *settings = arguments
    part = image[100:130, 200:230]
    return (part, *settings), image.size / part.size


def few_steps(arguments: tuple[Any, ...]) -> tuple[tuple[Any, ...], float]:
    image, known, steps = arguments
    rows = len(image) // 4
    return (image[:rows], known[:rows], 2), len(image) / rows * steps / 2


def few_digits(arguments: tuple[Any, ...]) -> tuple[tuple[Any, ...], float]:
    train, labels, test = arguments
    return (train, labels, test[:12]), len(test) / 12


CASES = [
    Case("kernel_matrix", "kernel_matrix", "Kernel matrix", "5000 × 5000 points", fewer_points),
    Case("mandelbrot", "mandelbrot", "Mandelbrot set", "1080 × 720, cutoff 400", coarser_grid),
    Case(
        "photo_bilateral",
        "bilateral",
        "Bilateral filter",
        "451 × 300 photo, 11 × 11 window",
        part_of_the_photo,
    ),
    Case("photo_heat", "diffuse", "Heat diffusion", "600 × 400 photo, 100 steps", few_steps),
    Case("digits_knn", "nearest_neighbours", "Nearest neighbours", "599 × 1198 digits", few_digits),
]
