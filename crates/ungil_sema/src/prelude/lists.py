"""What methods of lists need: the elements as an array."""


def _sort(a, reverse):
    n = a.shape[0]
    b = np.empty_like(a)
    width = 1
    while width < n:
        for low in range(0, n, 2 * width):
            middle = min(low + width, n)
            high = min(low + 2 * width, n)
            i = low
            j = middle
            for k in range(low, high):
                right = i >= middle
                if not right and j < high:
                    right = a[i] < a[j] if reverse else a[j] < a[i]
                if right:
                    b[k] = a[j]
                    j += 1
                else:
                    b[k] = a[i]
                    i += 1
        a[:] = b
        width *= 2


def _places(n):
    return np.arange(n)


def _sort_places(a, order, reverse):
    # As `_sort`, but what moves is where the elements are.
    n = order.shape[0]
    spare = np.empty_like(order)
    width = 1
    while width < n:
        for low in range(0, n, 2 * width):
            middle = min(low + width, n)
            high = min(low + 2 * width, n)
            i = low
            j = middle
            for k in range(low, high):
                right = i >= middle
                if not right and j < high:
                    x, y = a[order[i]], a[order[j]]
                    right = x < y if reverse else y < x
                if right:
                    spare[k] = order[j]
                    j += 1
                else:
                    spare[k] = order[i]
                    i += 1
        order[:] = spare
        width *= 2
