"""NumPy versions of kernels whose scripts have no room for one."""

import numpy as np


def bilateral(image: np.ndarray, radius: int, near: float, similar: float) -> np.ndarray:
    """The bilateral filter as one pass over the whole image for each offset in the window."""
    total = np.zeros(image.shape[:2])
    sums = np.zeros_like(image)
    for dy in range(-radius, radius + 1):
        for dx in range(-radius, radius + 1):
            here = overlap(dy, image.shape[0]), overlap(dx, image.shape[1])
            there = overlap(-dy, image.shape[0]), overlap(-dx, image.shape[1])
            apart = (dy * dy + dx * dx) / (2 * near * near)
            colour = ((image[there] - image[here]) ** 2).sum(axis=2) / (2 * similar * similar)
            weight = np.exp(-apart - colour)
            total[here] += weight
            sums[here] += weight[:, :, None] * image[there]
    return sums / total[:, :, None]


def overlap(shift: int, size: int) -> slice:
    """Where a point has a neighbour `shift` further on."""
    return slice(max(0, -shift), min(size, size - shift))
