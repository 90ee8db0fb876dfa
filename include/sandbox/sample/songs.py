"""The sample's catalogue: invented artists and their songs, shaped like the Million Song Dataset."""

from dataclasses import dataclass
from string import ascii_uppercase

from include.sandbox.sample import words
from include.sandbox.sample.draw import Draw

ORDINARY_SONGS = 280


@dataclass(frozen=True)
class Artist:
    """An artist as one song's metadata describes it.

    Args:
        artist_id: "AR" and 16 letters or digits.
        name: the artist's name; an integer stands for a JSON number where text belongs.
        location: free text, "" when unknown; an integer as for `name`.
        latitude: degrees north, None when unknown.
        longitude: degrees east, None when unknown.
    """

    artist_id: str
    name: str | int
    location: str | int = ""
    latitude: float | None = None
    longitude: float | None = None


@dataclass(frozen=True)
class Song:
    """A song and the object that describes it.

    Args:
        track_id: "TR" and 16 letters or digits; names the object.
        song_id: "SO" and 16 letters or digits.
        title: the title; an integer stands for a JSON number where text belongs.
        artist: the artist as this song spells it.
        duration: seconds, with up to five decimals.
        year: of release, 0 when unknown.
    """

    track_id: str
    song_id: str
    title: str | int
    artist: Artist
    duration: float
    year: int = 0

    @property
    def key(self) -> str:
        """The object's key, relative to the bucket."""
        return f"song_data/{'/'.join(self.track_id[2:5])}/{self.track_id}.json"

    def metadata(self) -> dict[str, object]:
        """The object's content, its keys in the order of the real files."""
        return {
            "artist_id": self.artist.artist_id,
            "artist_latitude": self.artist.latitude,
            "artist_location": self.artist.location,
            "artist_longitude": self.artist.longitude,
            "artist_name": self.artist.name,
            "duration": self.duration,
            "num_songs": 1,
            "song_id": self.song_id,
            "title": self.title,
            "year": self.year,
        }


def ordinary_songs(seed: int) -> list[Song]:
    """Invent the songs in which nothing is odd, the most played first."""
    draw = Draw(seed, "songs")
    artists = [_artist(draw) for _ in range(ORDINARY_SONGS * 2 // 3)]
    return [_song(draw, draw.pick(artists)) for _ in range(ORDINARY_SONGS)]


def unlisted_songs(seed: int) -> list[Song]:
    """Invent the songs that the app plays but the catalogue lacks; most plays of the real logs are of such."""
    draw = Draw(seed, "unlisted songs")
    return [_song(draw, _artist(draw)) for _ in range(ORDINARY_SONGS * 3)]


def _artist(draw: Draw) -> Artist:
    located = draw.chance(40)
    return Artist(
        artist_id="AR" + draw.code(16),
        name=draw.pick(words.BANDS).format(draw.pick(words.COLOURS), draw.pick(words.THINGS), _person(draw)),
        location=draw.pick(words.COUNTRIES)
        if draw.chance(50)
        else f"{draw.pick(words.TOWNS)}, {draw.pick(words.STATES)}",
        latitude=draw.between(-5_500_000, 6_500_000) / 100_000 if located else None,
        longitude=draw.between(-12_000_000, 17_500_000) / 100_000 if located else None,
    )


def _person(draw: Draw) -> str:
    names = words.FIRST_NAMES[draw.pick("FM")]
    return f"{draw.pick(names)} {draw.pick(words.LAST_NAMES)}"


def _song(draw: Draw, artist: Artist) -> Song:
    return Song(
        track_id="TRA" + draw.pick("ABC") + draw.pick(ascii_uppercase) + draw.code(13),
        song_id="SO" + draw.code(16),
        title=draw.pick(words.TITLES).format(draw.pick(words.COLOURS), draw.pick(words.THINGS)),
        artist=artist,
        duration=draw.between(9_000_000, 42_000_000) / 100_000,
        year=draw.between(1965, 2018) if draw.chance(55) else 0,
    )
