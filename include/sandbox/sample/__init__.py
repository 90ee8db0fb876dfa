"""A sample of Sparkify's bucket, invented from a seed, with everything in it that real data trips loaders with.

The traps, by the numbers that the code gives where it makes them:

1. Events of nobody: `userId` is "", names and location are null, the level is there.
2. Files do not end with a newline, and hold a day each while runs cover an hour.
3. `ts` is in milliseconds and never ends in 000; some are shared by two plays, some are the last of an hour or a day.
4. A quarter of all hours has no plays. Sessions cross hours and midnight; a level changes within a session.
5. Text given as JSON numbers; one artist_id with several names and locations; null, "" and 0 for what is unknown.
6. Quotes, commas, outer spaces, and UTF-8 that was encoded twice.
7. JSON keys are camelCase; the jsonpaths file decides, by position and in bracket notation.
8. Zero-byte folder-marker objects (`marker_keys`), and backups beside the objects that they were made of.

Bad input, which a healthy bucket has not, is made on demand by `include.sandbox.sample.corrupt`.
"""

from include.sandbox.sample.bucket import DAYS, FIRST_DAY, SEED, Sample, as_lines, generate, log_key, marker_keys
from include.sandbox.sample.days import App

__all__ = ["DAYS", "FIRST_DAY", "SEED", "App", "Sample", "as_lines", "generate", "log_key", "marker_keys"]
