"""Single figures as drawings print them, and the choices that the grammar is made of."""

SIZES = [3, 4, 5, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 25, 28, 30, 32, 35, 40, 45, 50, 60, 63, 80, 90, 100, 125, 160]


def choose(rng, options):
    return options[rng.integers(len(options))]


def maybe(rng, share, text):
    return text if rng.random() < share else ""


def gap(rng, share=0.4):
    return maybe(rng, share, " ")


def decimal_mark(rng):
    return "," if rng.random() < 0.35 else "."


def number(rng, mark=None):
    """A size: whole, with one to four decimals, or an inch without its leading zero."""
    mark = mark or decimal_mark(rng)
    kind = rng.random()
    if kind < 0.3:
        return str(choose(rng, SIZES) if rng.random() < 0.3 else rng.integers(1, 10 ** rng.integers(1, 5)))
    if kind < 0.82:
        places = int(rng.choice([1, 2, 3, 4], p=[0.45, 0.4, 0.13, 0.02]))
        whole = rng.integers(0, 10 ** rng.integers(1, 4))
        return f"{whole}{mark}{digits(rng, places)}"
    if kind < 0.97:
        return f"{maybe(rng, 0.3, str(rng.integers(1, 40)))}.{digits(rng, rng.integers(2, 5))}"
    return f"{maybe(rng, 0.5, str(rng.integers(1, 9)) + choose(rng, ' -'))}{rng.integers(1, 16)}/{choose(rng, [2, 4, 8, 16, 32, 64])}"


def digits(rng, count):
    return "".join(str(figure) for figure in rng.integers(0, 10, count))


def small(rng, mark=None):
    """A deviation or tolerance value."""
    mark = mark or decimal_mark(rng)
    lead = maybe(rng, 0.8 if mark == "." else 1.0, "0")
    return f"{lead}{mark}{choose(rng, ['', '', '0', '00'])}{digits(rng, rng.integers(1, 3))}"


def count(rng):
    times = choose(rng, ["x", "×", "X", "x ", "× ", "X ", " x ", " × ", " X ", "-"])
    return f"{rng.integers(2, 25)}{times}"
