"""Reading KashFlow's customer download: every usual shape of it, and what is refused in a sentence."""

from __future__ import annotations

import time
import zipfile
from io import BytesIO

import pytest

from clients.customer_codes.reading import FileRefused, FoundCustomer, read_file

PLAIN = "Customer Code,Customer Name\r\nHARE01,Harewood Lettings\r\nCAFE01,Café du Wye\r\n"
CAFE = [FoundCustomer(2, "HARE01", "Harewood Lettings"), FoundCustomer(3, "CAFE01", "Café du Wye")]
ENCODINGS = [
    (PLAIN.encode(), "utf-8"),
    (PLAIN.encode("utf-8-sig"), "utf-8-sig"),
    (PLAIN.encode("cp1252"), "cp1252"),
    (PLAIN.encode("utf-16"), "utf-16"),
    (b"\xfe\xff" + PLAIN.encode("utf-16-be"), "utf-16"),
    (PLAIN.replace("\r\n", "\n").encode(), "utf-8"),
    (PLAIN.replace("\r\n", "\r").encode(), "utf-8"),
]


@pytest.mark.parametrize(("data", "encoding"), ENCODINGS)
def test_every_usual_encoding_and_line_end(data: bytes, encoding: str) -> None:
    read = read_file(data, "customers.csv")
    assert (read.customers, read.bad, read.encoding) == (CAFE, [], encoding)


SHAPES = [
    'Name,Notes,Code\r\n"Hay, Straw & Sons","says ""hello""\r\nover two lines",HAYS01\r\n',
    "Code;Company Name\nHAYS01;Hay, Straw & Sons\n",
    "code\tcompany\nHAYS01\t Hay, Straw & Sons  \n",
    '\n\nCUSTOMER CODE,"Company name",Balance\nHAYS01,"Hay, Straw & Sons",12.50\nTotal,,12.50\n',
    'HAYS01,"Hay, Straw & Sons"\n',
    '"Hay, Straw & Sons",HAYS01\n',
]


@pytest.mark.parametrize("text", SHAPES)
def test_any_columns_in_any_order(text: str) -> None:
    read = read_file(text.encode())
    assert [(one.code, one.name) for one in read.customers] == [("HAYS01", "Hay, Straw & Sons")]
    assert read.bad == []


def test_other_columns_that_help_are_taken() -> None:
    text = "Code,Name,Email,Post Code,Telephone\nA1,One,a@one.example,HR4 9PQ,01432 1\n"
    (one,) = read_file(text.encode()).customers
    assert (one.email, one.postcode, one.phone) == ("a@one.example", "HR4 9PQ", "01432 1")


def test_bad_lines_are_named_and_the_good_ones_stay() -> None:
    text = (
        f"Code,Name\nA1,One\n,Nobody\nB2,\nA-1,Dash\na1,Again\n{'X' * 21},Long\nC3,{'n' * 201}\n\nD4,Four\n"
    )
    read = read_file(text.encode())
    assert [one.code for one in read.customers] == ["A1", "D4"]
    assert [(one.line, one.why.split(".")[0]) for one in read.bad] == [
        (3, "There is no customer code"),
        (4, "There is no company name"),
        (5, "A KashFlow customer code has letters and digits only, at most 20"),
        (6, "The code a1 stands on line 2 already"),
        (7, "A KashFlow customer code has letters and digits only, at most 20"),
        (8, "The name has over 200 letters"),
    ]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("'Hay,\r\n Straw'", "Hay, Straw"),
        ("  Hay \u00a0 Straw ", "Hay Straw"),
        ("Hay\u200b St\u00adraw\x01", "Hay Straw"),
        ("\u202eyaH", "yaH"),
    ],
)
def test_a_name_is_one_line_of_letters_that_can_be_seen(written: str, read: str) -> None:
    quoted = written.replace("'", '"')
    (one,) = read_file(f"Code,Name,Notes\nA1,{quoted},x\n".encode()).customers
    assert one.name == read


def test_a_company_name_goes_before_a_person_s() -> None:
    (one,) = read_file(b"Name,Company Name,Code\nRuth Meredith,Hay & Straw,HAYS01\n").customers
    assert one.name == "Hay & Straw"


def _zip() -> bytes:
    data = BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("xl/workbook.xml", "<x/>")
    return data.getvalue()


REFUSED = {
    "spreadsheet": (_zip(), "save it as CSV"),
    "old spreadsheet": (b"\xd0\xcf\x11\xe0" + b"\0" * 600, "save it as CSV"),
    "picture": (b"\x89PNG\r\n\x1a\n" + b"\0" * 99, "This is a picture"),
    "photograph": (b"\xff\xd8\xff\xe0" + b"\0" * 99, "This is a picture"),
    "PDF": (b"%PDF-1.7\n", "This is a PDF"),
    "web page": (b"\n<!DOCTYPE html><html><title>Log in", "This is a web page"),
    "nothing": (b" \r\n", "This file is empty"),
    "heads alone": (b"Code,Name\n", "There is no customer in this file"),
    "other columns": (b"Invoice,Amount,Paid\n1,2,3\n", "Its first line says: Invoice, Amount, Paid."),
    "NUL bytes": (b"Code,Name\nA1,On\0e\n", "This is not a text file"),
    "an open quotation mark": (b'Code,Name\nA1,"One\nB2,Two\n', "Line 2 cannot be read"),
    "over 5 MB": (b"Code,Name\n" + b"A1,One\n" * 800_000, "over 5 MB"),
    "50 MB": (b"x" * 50_000_000, "over 5 MB"),
    "many rows": (b"Code,Name\n" + b"".join(b"A%d,x\n" % n for n in range(50_001)), "over 50,000 rows"),
    "many columns": (b"Code,Name" + b",x" * 300 + b"\n", "over 200 columns"),
    "a million columns": (b"Code,Name" + b",x" * 1_000_000 + b"\n", "over 200 columns"),
    "empty columns": (b"," * 5_000_000, "over 200 columns"),
    "empty rows": (b"\r\n,\r\n" * 1_000_000, "no column of customer codes"),
    "quotes and commas": (b"Code,Name\n" + b'"",' * 1_600_000, "over 200 columns"),
    "half a letter": (b"\xff\xfeC\0o", "letters cannot be read"),
    "UTF-16 without its mark": ("Code,Name\nA1,One\n".encode("utf-16-le"), "This is not a text file"),
    "no good line": (b"Code,Name\n-,One\n,Two\n", "None of the 2 lines can be used. Line 2 says: -, One."),
    "one bad line": (b"Code,Name\n-,One\n", "Its only line cannot be used. It says: -, One."),
    "one endless line": (b"a" * 4_000_000, "cannot be read"),
    "quotes without end": (b'Code,Name\n"' + b'""' * 2_000_000, "cannot be read"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_such_file_is_refused_in_a_sentence(name: str) -> None:
    data, told = REFUSED[name]
    with pytest.raises(FileRefused) as refused:
        read_file(data, "customers.csv")
    assert told in refused.value.message
    assert refused.value.field == "file"


@pytest.mark.parametrize("name", REFUSED)
def test_no_hostile_file_keeps_anybody_waiting(name: str) -> None:
    began = time.process_time()
    with pytest.raises(FileRefused):
        read_file(REFUSED[name][0])
    # A limit of minutes would mean a loop over the square of the file; it is a guard, not a measurement.
    assert time.process_time() - began < 20
