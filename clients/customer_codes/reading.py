"""Reading the file that KashFlow's Customers › Download gives: code and company name, other columns ignored.

Any column order, the usual encodings and separators. A row that cannot be used is named by its line; a file that
is something else is refused whole, in a sentence, before much of it is read (security: S-06).
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass

from magmanager.common.errors import DomainError

MOST_BYTES = 5 * 1024 * 1024
MOST_ROWS = 50_000
MOST_COLUMNS = 200
NAME_LENGTH = 200
CODE = re.compile(r"[A-Za-z0-9]{1,20}")
SAVE_AS_CSV = "Open it in the program it comes from, save it as CSV, and upload that."
_SPREADSHEET = f"This is a spreadsheet, not a CSV file. {SAVE_AS_CSV}"
_DOWNLOAD = "In KashFlow choose Customers, press Download, and upload that file."
_PICTURE = f"This is a picture, not a CSV file. {_DOWNLOAD}"
# How files begin that people mistake for the download.
_MAGIC = (
    (b"PK\x03\x04", _SPREADSHEET),
    (b"\xd0\xcf\x11\xe0", _SPREADSHEET),
    (b"\x89PNG", _PICTURE),
    (b"\xff\xd8\xff", _PICTURE),
    (b"GIF8", _PICTURE),
    (b"%PDF", f"This is a PDF, not a CSV file. {SAVE_AS_CSV}"),
    (b"\x1f\x8b", "This file is compressed. Unpack it and upload the CSV file in it."),
)
_HTML = "This is a web page, not a CSV file: KashFlow's login page, perhaps. Log in to KashFlow and download again."
# Columns by their heads, letters only.
COLUMNS = {
    "code": (
        "code",
        "customercode",
        "custcode",
        "clientcode",
        "kashflowid",
        "kashflowcode",
        "customerid",
        "accountcode",
    ),
    "name": (
        "companyname",
        "name",
        "company",
        "customername",
        "customer",
        "clientname",
        "client",
        "businessname",
    ),
    "email": ("email", "emailaddress", "customeremail", "primaryemail"),
    "postcode": ("postcode", "postalcode", "zip", "zipcode"),
    "phone": ("telephone", "phone", "tel", "telephonenumber", "phonenumber"),
}


class FileRefused(DomainError):
    """The whole file cannot be used."""

    code = "file_refused"

    def __init__(self, message: str) -> None:
        super().__init__(message, field="file")


@dataclass(frozen=True)
class FoundCustomer:
    """A customer of KashFlow. `line` is where it stands in the file, 0 where KashFlow itself was read."""

    line: int
    code: str
    name: str
    email: str = ""
    postcode: str = ""
    phone: str = ""
    customer_id: int | None = None


@dataclass(frozen=True)
class BadLine:
    """A line that cannot be used: its text, cut, and why in a sentence."""

    line: int
    text: str
    why: str


@dataclass(frozen=True)
class ReadFile:
    """What a file held."""

    customers: list[FoundCustomer]
    bad: list[BadLine]
    encoding: str


def read_file(data: bytes, name: str = "") -> ReadFile:
    """The customers of an uploaded file. Raises FileRefused where it is no such file or too large."""
    if len(data) > MOST_BYTES:
        raise FileRefused(
            "This file is over 5 MB; a customer list of 50,000 rows is smaller. Upload the CSV download itself."
        )
    text, encoding = _text(data)
    rows = _rows(text)
    columns, head = _columns(rows)
    customers, bad = _read(rows[1:] if head else rows, columns)
    if not customers:
        raise FileRefused(_no_customer(bad))
    return ReadFile(customers, bad, encoding)


def _no_customer(bad: list[BadLine]) -> str:
    if not bad:
        return f"There is no customer in this file. {_DOWNLOAD}"
    first = bad[0]
    return (
        f"None of the {len(bad):,} lines can be used. Line {first.line} says: {first.text}. {first.why} {_DOWNLOAD}"
        if len(bad) > 1
        else f"Its only line cannot be used. It says: {first.text}. {first.why} {_DOWNLOAD}"
    )


# --- Bytes to text ------------------------------------------------------------------------------------------


def _text(data: bytes) -> tuple[str, str]:
    if not data.strip(b"\x00\r\n\t "):
        raise FileRefused(f"This file is empty. {_DOWNLOAD}")
    for magic, told in _MAGIC:
        if data.startswith(magic):
            raise FileRefused(told)
    text, encoding = _decoded(data)
    if "\0" in text:
        raise FileRefused(f"This is not a text file. {SAVE_AS_CSV}")
    if re.match(r"\s*<(!doctype|html|\?xml)", text[:500], re.I):
        raise FileRefused(_HTML)
    return text, encoding


def _decoded(data: bytes) -> tuple[str, str]:
    marked = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
    tried = next(
        ([encoding] for mark, encoding in marked.items() if data.startswith(mark)), ["utf-8", "cp1252"]
    )
    for encoding in tried:
        try:
            return data.decode(encoding), encoding
        except UnicodeDecodeError:
            continue
    raise FileRefused(f"This file's letters cannot be read. {SAVE_AS_CSV}")


# --- Text to rows -------------------------------------------------------------------------------------------

Row = tuple[int, list[str]]
"""A record with the line it begins on."""


def _rows(text: str) -> list[Row]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text), strict=True)
    rows: list[Row] = []
    begins = 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return rows
        except csv.Error as error:
            raise FileRefused(
                f"Line {begins} cannot be read: a quotation mark on it opens and never closes, or stands in the wrong "
                "place. Download the list from KashFlow again, without editing it in between."
            ) from error
        _check_size(begins, len(cells), len(rows))
        plain = [tidy(cell) for cell in cells] if any(cells) else []
        if any(plain):
            rows.append((begins, plain))
        begins = reader.line_num + 1


def _check_size(line: int, columns: int, rows: int) -> None:
    """Before a cell of the record at `line` is looked at: so many cost time, even empty ones."""
    if columns > MOST_COLUMNS:
        raise FileRefused(f"Line {line} has over {MOST_COLUMNS} columns, so this is no list of customers.")
    if rows > MOST_ROWS:
        raise FileRefused(
            f"This file has over {MOST_ROWS:,} rows. Divide it and upload the parts one after the other."
        )


def tidy(text: str) -> str:
    """`text` on one line, single-spaced, without letters nobody can see: no invoice could carry those to KashFlow."""
    spaced = " ".join(text.split())
    return spaced if spaced.isprintable() else "".join(filter(str.isprintable, spaced)).strip()


def _separator(text: str) -> str:
    first = next((line for line in text[:10_000].splitlines() if line.strip()), "")
    bare = re.sub(r'"[^"]*"', "", first)
    return max(",;\t", key=bare.count)


# --- Rows to customers --------------------------------------------------------------------------------------


def _columns(rows: list[Row]) -> tuple[dict[str, int], bool]:
    """Where each column is, and whether the first row is its head."""
    heads = [re.sub(r"[^a-z]", "", cell.casefold()) for cell in rows[0][1]] if rows else []
    found = {
        column: next(heads.index(alias) for alias in aliases if alias in heads)
        for column, aliases in COLUMNS.items()
        if any(alias in heads for alias in aliases)
    }
    if {"code", "name"} <= found.keys():
        return found, True
    if rows and all(len(cells) == 2 for _, cells in rows) and (guessed := _guessed(rows)):
        return guessed, False
    named = ", ".join(cell for cell in rows[0][1] if cell)[:200] if rows else ""
    raise FileRefused(
        "This file has no column of customer codes and one of company names. "
        f"Its first line says: {named or 'nothing'}. Name the two columns Code and Name, or upload KashFlow's own download."
    )


def _guessed(rows: Sequence[Row]) -> dict[str, int]:
    """Two columns without heads: the one that looks like codes is the codes; nothing where neither does."""
    like_codes = [sum(bool(CODE.fullmatch(cells[place])) for _, cells in rows) for place in (0, 1)]
    code = int(like_codes[1] > like_codes[0])
    named = sum(bool(re.search(r"[^\W\d]{3}", cells[1 - code])) for _, cells in rows)
    is_list = like_codes[code] >= 0.8 * len(rows) and named >= 0.8 * len(rows)
    return {"code": code, "name": 1 - code} if is_list else {}


def _read(rows: list[Row], columns: dict[str, int]) -> tuple[list[FoundCustomer], list[BadLine]]:
    customers: list[FoundCustomer] = []
    bad: list[BadLine] = []
    lines: dict[str, int] = {}
    for line, cells in rows:
        values = {column: cells[place] if place < len(cells) else "" for column, place in columns.items()}
        if not (values["code"] and values["name"]) and _is_total(cells):
            continue
        why = _why_not(values, lines)
        if why:
            bad.append(BadLine(line, ", ".join(filter(None, cells))[:120], why))
        else:
            lines[values["code"].casefold()] = line
            customers.append(_customer(line, values))
    return customers, bad


def _is_total(cells: Sequence[str]) -> bool:
    """The sums under a download."""
    return any(cell.casefold().startswith("total") for cell in cells)


def _why_not(values: dict[str, str], lines: dict[str, int]) -> str:
    code, name = values["code"], values["name"]
    if not code:
        return "There is no customer code."
    if not name:
        return "There is no company name."
    if not CODE.fullmatch(code):
        return "A KashFlow customer code has letters and digits only, at most 20."
    if len(name) > NAME_LENGTH:
        return f"The name has over {NAME_LENGTH} letters."
    if code.casefold() in lines:
        return f"The code {code} stands on line {lines[code.casefold()]} already."
    return ""


def _customer(line: int, values: dict[str, str]) -> FoundCustomer:
    found = {column: values.get(column, "") for column in COLUMNS}
    return FoundCustomer(
        line=line,
        code=found["code"],
        name=found["name"],
        email=found["email"][:254],
        postcode=found["postcode"][:12],
        phone=found["phone"][:40],
    )
