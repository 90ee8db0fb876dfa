"""The invented words that names, places and titles of the sample are put together from."""
# ruff: noqa: SIM905 - word lists read better as running text than as 150 quoted literals

FIRST_NAMES = {
    "F": "Adela Bryony Carys Delphine Esme Fenna Greta Hedda Ilse Junia Klara Liora Maren Nerys Ottilie Petra".split(),
    "M": "Alaric Bastian Corwin Dorian Emeric Florian Gideon Hamish Ivo Jorah Kaspar Leander Magnus Nevin".split(),
}
LAST_NAMES = (
    "Ashdown Birkett Calloway Dunmore Eastgate Fairholm Greaves Holloway Ingram Jessop Kirkbride Lockhart Merrow "
    "Norwood Oakhurst Penrose Quill Rushton Selwyn Thornbury Underhill Venables Wakefield Yardley"
).split()

TOWNS = (
    "Alder Falls, Brackwater, Cedar Notch, Dovecote, Elm Harbor, Foxglove, Gullhaven, Hazel Springs, Ironbridge, "
    "Juniper Bay, Kestrel Point, Larkfield, Mossvale, Northmere, Otter Creek, Pinecrest"
).split(", ")
STATES = "CA CO GA IL MA ME MI NC NY OH OR PA TX VA WA WI".split()
COUNTRIES = ("", "", "", "Iceland", "Portugal", "Nagano, Japan", "Lagos, Nigeria", "Leeds, England / UK", "Chile")

COLOURS = (
    "Amber Borrowed Cobalt Distant Electric Faded Golden Hollow Idle Jaded Kinetic Lunar Marble Northern Open Paper "
    "Quiet Restless Silver Tidal Upper Velvet"
).split()
THINGS = (
    "Anchors Balconies Cathedrals Driftwood Embers Ferries Gardens Harbours Islands Junctions Kites Lanterns "
    "Meridians Nocturnes Orchards Pylons Quarries Rivers Satellites Telegrams Umbrellas Valleys Windows"
).split()
BANDS = ("{0} {1}", "The {0} {1}", "{1}", "{0} & The {1}", "{2}", "{2} feat. {1}", "{2} / {1}", "DJ {1}")
TITLES = (
    "{0} {1}",
    "{1}",
    "Where The {1} Go",
    "{0} {1} (Album Version)",
    "I Don't Need {1}",
    "Last Of The {1}",
    "No More {1} / {0} Skies",
    "{1} [Live]",
    'The "{0}" Song',
    "{0}_ {0}_ {1}",
)

# Trap 6: literal quotes and commas, as browsers' names arrive in the real logs.
_WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
USER_AGENTS = (
    f'"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_WEBKIT} Chrome/70.0.3538.77 Safari/537.36"',
    f'"Mozilla/5.0 (X11; Linux x86_64) {_WEBKIT} Ubuntu Chromium/70.0.3538.67 Chrome/70.0.3538.67 Safari/537.36"',
    '"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_14_1) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/12.0.1"',
    "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:63.0) Gecko/20100101 Firefox/63.0",
    "Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; rv:11.0) like Gecko",
)
