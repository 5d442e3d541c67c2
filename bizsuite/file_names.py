"""What files are called and taken for that people send us."""

import unicodedata
from pathlib import PurePosixPath

FILE_NAME_LENGTH = 150
# What a file is taken for goes by its name, and by this list alone: nothing on it runs in a
# browser. All else is bytes.
CONTENT_TYPES = {
    ".csv": "text/csv",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".gif": "image/gif",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".log": "text/plain",
    ".odt": "application/vnd.oasis.opendocument.text",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".txt": "text/plain",
    ".webp": "image/webp",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".zip": "application/zip",
}
BYTES = "application/octet-stream"


def content_type_of(name: str) -> str:
    return CONTENT_TYPES.get(PurePosixPath(name).suffix.lower(), BYTES)


def document_file_name(number: str, ending: str) -> str:
    """What a document's file is called: by its number, of which other systems' may have slashes.

    >>> document_file_name("2023/0815", ".pdf")
    '2023-0815.pdf'
    """
    return clean_name(number.replace("/", "-").replace("\\", "-") + ending)


def clean_name(name: str) -> str:
    """A file's name as it may be shown and saved: no folders, nothing invisible, not too long.

    >>> clean_name("C:\\\\fakepath\\\\..\\\\offer.pdf")
    'offer.pdf'
    """
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rsplit("/", 1)[-1]
    # Invisible characters include those that turn the writing round: "invoice\u202efdp.exe".
    shown = "".join(letter for letter in last if letter.isprintable() and letter not in '<>:"|?*')
    shown = shown.strip(" .")
    if len(shown) > FILE_NAME_LENGTH:
        suffix = PurePosixPath(shown).suffix[:20]
        shown = shown[: FILE_NAME_LENGTH - len(suffix)] + suffix
    return shown or "file"
