def energy(points):
    """The Lennard-Jones energy of particles: the plain Python that the steps begin with."""
    total = 0.0
    for i in range(len(points)):
        for j in range(i):
            dx = points[i][0] - points[j][0]
            dy = points[i][1] - points[j][1]
            dz = points[i][2] - points[j][2]
            r2 = dx * dx + dy * dy + dz * dz
            s6 = 1.0 / (r2 * r2 * r2)
            total += 4.0 * (s6 * s6 - s6)
    return total
