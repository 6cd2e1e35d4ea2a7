"""The characters that the recogniser can say, and how printed text maps onto them."""

DIGITS = "0123456789"
UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
LOWER = "abcdefghijklmnopqrstuvwxyz"
UMLAUTS = "ÄÖÜäöüß"
MARKS = ".,-+/():'\"=%#&*<>|~;"
SIGNS = "⌀±°□μ≤≥⌴↧⌵⌲"
TOLERANCE_SIGNS = "⏤⏥○⌭⌒⌓∠⊥∥⌖◎⌯↗⌰"
CIRCLED = "ⓂⓁⓅⒻⓊⓉⒺⓈ"

# The space is not in here: as in PP-OCR models it is the last class, appended by the reader.
CHARACTERS = DIGITS + UPPER + LOWER + UMLAUTS + MARKS + SIGNS + TOLERANCE_SIGNS + CIRCLED

BLANK = 0
INDEX = {character: index for index, character in enumerate(CHARACTERS + " ", start=1)}
CLASS_COUNT = len(INDEX) + 1

# Each pair looks the same in some drafting font, so no picture can tell it apart.
FOLDS = str.maketrans(
    {
        "×": "x",
        "✕": "x",
        "Ø": "⌀",
        "ø": "⌀",
        "∅": "⌀",
        "Φ": "⌀",
        "φ": "⌀",
        "Ф": "⌀",
        "µ": "μ",
        "−": "-",
        "–": "-",
        "—": "-",
        "º": "°",
        "˚": "°",
        "’": "'",
        "′": "'",
        "″": '"',
        "”": '"',
        "◯": "○",
        "，": ",",
        "：": ":",
        "（": "(",
        "）": ")",
        "∼": "~",
        "～": "~",
        "▽": "⌵",
        "▱": "⏥",
    }
)


def fold(text):
    """Writes a printed text with the recogniser's own characters."""
    return text.translate(FOLDS)


def encode(text):
    """Gives the class indices of a folded text."""
    return [INDEX[character] for character in text]


def decode(classes):
    """Reads the best class of each column: repeats merge, blanks vanish."""
    characters = CHARACTERS + " "
    text, previous = [], BLANK
    for current in classes:
        if current != previous and current != BLANK:
            text.append(characters[current - 1])
        previous = current
    return "".join(text)
