"""A noisy photograph denoised by a bilateral filter: means over neighbours that are near and similar."""

from math import exp

import numpy as np
from skimage import data

from ungil import jit, prange


@jit
def bilateral(image, radius, near, similar):
    rows, columns, _ = image.shape
    out = np.empty_like(image)
    for i in prange(rows):
        for j in range(columns):
            total = red = green = blue = 0.0
            for y in range(max(i - radius, 0), min(i + radius + 1, rows)):
                for x in range(max(j - radius, 0), min(j + radius + 1, columns)):
                    dr = image[y, x, 0] - image[i, j, 0]
                    dg = image[y, x, 1] - image[i, j, 1]
                    db = image[y, x, 2] - image[i, j, 2]
                    apart = ((y - i) ** 2 + (x - j) ** 2) / (2 * near * near)
                    weight = exp(-apart - (dr * dr + dg * dg + db * db) / (2 * similar * similar))
                    total += weight
                    red += weight * image[y, x, 0]
                    green += weight * image[y, x, 1]
                    blue += weight * image[y, x, 2]
            out[i, j, 0] = red / total
            out[i, j, 1] = green / total
            out[i, j, 2] = blue / total
    return out


def load():
    """Chelsea the cat (scikit-image's photograph) with added noise, and the filter's settings."""
    noise = np.random.default_rng(1).normal(0, 0.1, original().shape)
    return np.clip(original() + noise, 0, 1), 5, 2.0, 0.3


def original():
    return data.chelsea() / 255.0


def psnr(image):
    """Peak signal to noise ratio against the original, in decibels."""
    return -10 * np.log10(np.mean((image - original()) ** 2))


def check(result, image, *settings):
    """Compares with the undecorated function on a corner; returns the gain, in words."""
    corner = getattr(bilateral, "py_func", bilateral)(image[:24, :24], *settings)
    error = np.abs(result[:16, :16] - corner[:16, :16]).max()
    assert error < 1e-12, f"the kernel and the undecorated function differ by {error}"
    return f"PSNR {psnr(image):.1f} dB noisy, {psnr(result):.1f} dB denoised; equals the undecorated function"


if __name__ == "__main__":
    noisy = load()
    print(check(bilateral(*noisy), *noisy))
