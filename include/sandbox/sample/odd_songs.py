"""The songs that the traps need, written by hand: `grep -n 'Trap'` finds each where it is made.

The numbers are those of the list of traps in the package's docstring.
"""

from include.sandbox.sample.songs import Artist, Song


def odd_songs() -> list[Song]:
    """Return the catalogue's trap songs; each is also played, spelled as its own metadata spells it."""
    return [*twins(), *names_of_one_artist(), *numbers_as_text(), *unknown_facts(), *awkward_texts()]


def near_misses() -> list[Song]:
    """Return songs that are played and almost, but not, in the catalogue: none may be linked."""
    low = twins()[0]
    spaced = awkward_texts()[0]
    accented = awkward_texts()[2]
    return [
        _song("NEARLENGTH", low.title, low.artist, 201.00001),
        _song("NEARCASE", str(low.title).upper(), low.artist, low.duration),
        _song("NEARARTIST", low.title, Artist("ARUNLISTED", "Echo Twins "), low.duration),
        _song("NEARSPACE", str(spaced.title).strip(), spaced.artist, spaced.duration),
        _song("NEARACCENT", encoded_twice(str(accented.title)), accented.artist, accented.duration),
    ]


def encoded_twice(text: str) -> str:
    """Spoil a text as the real logs are: its UTF-8 taken for Latin-1 and encoded anew, two times over."""
    return text.encode().decode("latin-1").encode().decode("latin-1")


def twins() -> list[Song]:
    """Trap, several songs match one play: same title, artist name and duration; the lowest song_id wins.

    The winner is neither the first nor the last object by key, and the two artists that share a name differ in id.
    """
    one, other = (
        Artist(_id("AR", "ECHOONE"), "Echo Twins", "Elm Harbor, ME"),
        Artist(_id("AR", "ECHOTWO"), "Echo Twins"),
    )
    return [
        _song("TWINA", "Two Of Everything", one, 201.0, 2001, track="BM"),
        _song("TWINB", "Two Of Everything", other, 201.0, 2011, track="BA"),
        _song("TWINC", "Two Of Everything", one, 201.0, 1999, track="BZ"),
    ]


def names_of_one_artist() -> list[Song]:
    """Trap 5: one artist_id with several names and locations; the newest song speaks for the artist.

    The second artist's songs share a year, the third's have none: the lowest song_id decides.
    """
    by_year, by_tie, by_unknown = _id("AR", "BYYEAR"), _id("AR", "BYTIE"), _id("AR", "BYUNKNOWN")
    return [
        _song(
            "NAMEA",
            "First Pressing",
            Artist(by_year, "Marl & The Estuaries", "Mossvale, OR", 44.1, -121.3),
            188.4,
            1994,
        ),
        _song("NAMEB", "Second Pressing", Artist(by_year, "Marl", "Lisbon, Portugal"), 188.4, 2014),
        _song("NAMEC", "Third Pressing", Artist(by_year, "Marl feat. Ida Quill", "", -12.5, 7.25), 188.4),
        _song("TIEB", "Heads", Artist(by_tie, "The Coin Toss", "Ohio"), 99.5, 2005),
        _song("TIEA", "Tails", Artist(by_tie, "Coin Toss", "Ohio / USA"), 99.5, 2005),
        _song("NONEB", "Undated No. 2", Artist(by_unknown, "Sans Date", "", 1.5, 2.5), 303.03),
        _song("NONEA", "Undated No. 1", Artist(by_unknown, "Sans Date_ Sans Date"), 303.03),
    ]


def numbers_as_text() -> list[Song]:
    """Trap 5: text given as JSON numbers lands as the digits that were written."""
    return [
        _song("NUMNAME", "Area Code", Artist(_id("AR", "NUMNAME"), 313, "Detroit"), 222.22, 2003),
        _song("NUMPLACE", "Postcode", Artist(_id("AR", "NUMPLACE"), "The Sorting Office", 12), 210.1, 1987),
        _song("NUMTITLE", 2046, Artist(_id("AR", "NUMTITLE"), "Room Service", "Hong Kong"), 246.8, 2004),
    ]


def unknown_facts() -> list[Song]:
    """Trap 5: latitude null, location "" and year 0 all mean unknown, and stay as they are."""
    return [_song("UNKNOWN", "Anonymous Donor", Artist(_id("AR", "UNKNOWN"), "N.N."), 181.81)]


def awkward_texts() -> list[Song]:
    """Trap 6: quotes, outer spaces and UTF-8 encoded twice are kept byte for byte, and match byte for byte.

    Also what a loader's own notation could take for something else: its null, its separators, its escapes.
    """
    artist = Artist(
        _id("AR", "AWKWARD"), 'Zo\u00eb "Zip" O\'Dell / Friends', "S\u00e3o Lu\u00eds, Brasil", -2.5, -44.25
    )
    titles = [
        "  Leading and trailing ",
        "She Said \"It's\", Then Didn't",
        "Sm\u00f8rrebr\u00f8d Caf\u00e9",
        encoded_twice("Ma\u00f1ana, Ma\u00f1ana"),
        "\U0001f3b5 \u9084\u304c\u3042\u308b",
        "Back\\slash \\N",
        "Column\tand|pipe",
        "NULL",
        "100% {{ wool }} -- ';",
    ]
    return [_song(f"TEXT{n}", title, artist, 150.5 + n) for n, title in enumerate(titles)]


def _song(name: str, title: str | int, artist: Artist, duration: float, year: int = 0, track: str = "CA") -> Song:
    return Song(f"TR{_id('A' + track, name)[:16]}", _id("SO", name), title, artist, duration, year)


def _id(prefix: str, name: str) -> str:
    return prefix + name.ljust(16, "0")
