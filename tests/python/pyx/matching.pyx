# cython: language_level=3


def kind(x):
    match x:
        case 0 | 1:
            return "bit"
        case int() if x > 100:
            return "big"
        case int(n):
            return "int", n
        case "a":
            return "letter"
        case None:
            return "none"
        case True:
            return "never"
        case []:
            return "empty"
        case [one]:
            return "one", one
        case [first, *middle, last]:
            return first, middle, last
        case {"kind": k, "items": [a, _], **rest}:
            return k, a, sorted(rest.items())
        case {"x": (1 | 2) as n}:
            return "x", n
        case {}:
            return "mapping"
        case complex(real=r, imag=0.0):
            return "real", r
        case str() as s:
            return "text", s
    return "other"


def points(p, cls):
    match p:
        case cls(0, y):
            return "axis", y
        case cls(x=x, y=y) if x == y:
            return "diagonal", x
        case cls(x, y):
            return x, y
        case _:
            return "no point"


def loop(items):
    result = []
    for item in items:
        match item:
            case ("skip", *_):
                continue
            case ("stop",):
                break
            case (name, value):
                result.append((name, value))
            case _:
                result.append(item)
    else:
        result.append("done")
    return result


def keeps(x):
    y = "before"
    match x:
        case [y, 5]:
            pass
    return y
