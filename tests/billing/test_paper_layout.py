"""How paper looks: page breaks, scripts, extremes. Read from the real file's pages."""

import datetime
import io
import time
from decimal import Decimal

import pytest
from pypdf import PdfReader

from billing.pdf import printing
from billing.pdf.letters import BOX, FONTS, covered, printable
from billing.pdf.payment import transfer_code, transfer_content
from bizsuite.identity.models import Organisation, organisation
from bizsuite.team.profile import update_organisation
from tests import factories
from tests.billing.paper import pages_in, text_in

pytestmark = pytest.mark.django_db
# What each page's table says first.
HEADER = "Description Quantity Price Tax Amount"


def printed(items, **fields) -> bytes:
    return printing.invoice_pdf(
        factories.make_invoice(items=items, **fields), seller=organisation()
    )


def described(*descriptions: str) -> list[dict]:
    return [factories.new_item("1.00", description=text) for text in descriptions]


class TestLongDocuments:
    def test_600_items_are_all_there_with_what_they_come_to_so_far(self):
        pages = pages_in(printed(described(*(f"Row {i:03}" for i in range(600)))))
        shown = [page.count("Row ") for page in pages]

        assert sum(shown) == 600
        assert len(pages) > 10
        assert all(HEADER in page for page in pages)
        for number, page in enumerate(pages, 1):
            assert f"Page {number} / {len(pages)}" in page
            so_far, before = sum(shown[:number]), sum(shown[: number - 1])
            assert (f"Carried forward ${so_far:,}.00" in page) == (number < len(pages))
            assert (f"Brought forward ${before:,}.00" in page) == (number > 1)
        assert "Total $600.00" in pages[-1]

    @pytest.mark.parametrize("count", [24, 25, 26, 27, 28, 29, 30, 31, 32])
    def test_the_total_is_never_alone_on_a_page(self, count):
        pages = pages_in(printed(described(*(f"Row {i:02}" for i in range(count)))))
        last = pages[-1]

        assert "Total $" in last
        assert last.count("Row ") >= 3
        assert HEADER in last

    def test_a_long_last_item_stays_with_the_total(self):
        texts = [*(f"Row {i:02}" for i in range(25)), "W" * 500]
        last = pages_in(printed(described(*texts)))[-1]

        assert last.replace(" ", "").count("W") == 500
        assert "Total $26.00" in last


class TestScripts:
    @pytest.mark.parametrize(
        "text",
        [
            "Συμβουλευτικές υπηρεσίες",
            "Консультации — Київ, їжак",
            "Łódź Ærø Ångström İstanbul Việt Nam",
            "€ ₹ ₺ ₽ £ ¥ ₩ № „Zitat“ 2 → 3 ✓",
            "东京简体字咨询服务",
            "臺灣電機繁體字",
            "日本語のひらがなとカタカナ",
            "한국어 컨설팅 뷁",
            "Հայերեն ქართული",
        ],
    )
    def test_letters_come_out_as_they_went_in(self, text):
        assert text in text_in(printed(described(text)))
        assert BOX not in printable(text)

    def test_arabic_and_hebrew_have_all_their_letters_and_run_from_the_right(self):
        arabic = printed(described("خدمات استشارية 5 أيام"))
        hebrew = text_in(printed(described("ייעוץ עסקי")))

        assert fonts_of(arabic) >= {"NotoSans-Regular", "NotoSansArabic-Regular"}
        # Read from the page in the order in which it is written, left to right.
        assert {"ייעוץ", "עסקי"} <= set(hebrew.split()) or "יקסע ץועיי" in hebrew

    @pytest.mark.parametrize("text", ["नमस्ते", "বাংলা", "தமிழ்", "สวัสดี", "አማርኛ", "ខ្មែរ", "မြန်မာ"])
    def test_scripts_of_asia_and_africa_have_fonts(self, text):
        assert BOX not in printable(text)

    def test_what_no_font_has_is_a_box_and_stops_nothing(self):
        text = text_in(printed(described("Fine 😀 𓀀 after")))

        assert f"Fine {BOX} {BOX} after" in text

    def test_fonts_of_the_system_are_not_asked(self):
        """Each face in the file is one that comes along."""
        pdf = printed(described("日本 한국 नमस्ते ✓ ℵ Ωμέγα"))
        assert fonts_of(pdf) <= {path.stem for path in FONTS.glob("*.ttf")}


def fonts_of(pdf: bytes) -> set[str]:
    reader = PdfReader(io.BytesIO(pdf))
    fonts = reader.pages[0]["/Resources"]["/Font"]
    return {str(fonts[name]["/BaseFont"]).partition("+")[2] for name in fonts}


class TestWhatPeopleWrite:
    @pytest.mark.parametrize(
        "text",
        [
            '#eval("1")',
            '#read("/etc/passwd")',
            "*bold* _slanted_ `code`",
            "$x^2$",
            "@ref and <label>",
            "\\u{202e} \\ #",
            "= Heading // comment /* more */",
            "[x] {y} ~ -- ---",
            "<script>alert(1)</script>",
        ],
    )
    def test_it_appears_as_it_was_written(self, text):
        pdf = printed(described(text), notes=text)
        assert text_in(pdf).count(" ".join(text.split())) == 2

    def test_no_one_turns_a_figure_around_nor_hides_what_follows(self):
        assert printable("\u202e100.00\u202c\u2066a\u2069\x00b\x07\ufeff") == "100.00ab"

    def test_lines_stay_lines(self):
        assert printable("a\r\nb\rc\nd") == "a\nb\nc\nd"


class TestExtremes:
    def test_nothing_is_lost_of_what_is_as_long_as_it_may_be(self):
        long = {"address": "Z" * 500, "account": "X" * 200, "city": "C" * 100, "phone": "1" * 40}
        seller = update_organisation(
            organisation(),
            name="N" * 200,
            street="S" * 200,
            phone="7" * 40,
            bank_account="021000021",
            payment_instructions="P" * 1000,
            footer="F" * 500,
            actor=factories.SYSTEM,
        )
        invoice = factories.make_invoice(
            customer=factories.make_customer(**long),
            items=[
                factories.new_item("9999999.9999", "7999.9999", 19, description="W" * 500),
                factories.new_item(description="Q" * 500),
            ],
            notes="O" * 2000,
        )
        reader = PdfReader(io.BytesIO(printing.invoice_pdf(invoice, seller=seller)))
        pages = [page.extract_text() for page in reader.pages]
        text = "".join(pages)

        for letter, count in {"Z": 500, "X": 200, "W": 500, "Q": 500, "O": 2000}.items():
            assert text.count(letter) >= count, letter
        assert "7,999.9999" in text
        assert "9,999,999.9999" in text
        assert f"${invoice.amount:,.2f}" in text
        assert all(page.count("F") >= 500 for page in pages)
        # Broken into lines, the narrowest of which is a column's.
        assert max(len(line) for line in text.splitlines() if "W" in line) < 60
        assert max(len(line) for line in text.splitlines()) < 140

    def test_nothing_known_but_two_names_makes_a_page_too(self):
        invoice = factories.make_invoice(customer=factories.make_customer(account="Jane"))
        text = text_in(printing.invoice_pdf(invoice, seller=Organisation(name="Us")))

        assert text.startswith("My Company Billed to Jane Date")
        assert text.endswith("Net $100.00 Total $100.00 My Company Page 1 / 1")


class TestSpeed:
    def test_ten_documents_take_less_than_a_second_once_the_fonts_are_read(self):
        invoice = factories.make_invoice(items=described(*(f"Item {i}" for i in range(10))))
        seller = organisation()
        printing.invoice_pdf(invoice, seller=seller)
        before = time.process_time()
        for _ in range(10):
            printing.invoice_pdf(invoice, seller=seller)

        # A fifth of it where nothing else runs.
        assert time.process_time() - before < 1

    def test_all_letters_are_known(self):
        assert {0x41, 0x20AC, 0x4E2D, 0xAC00, 0x3042, ord(BOX)} <= covered()


class TestTransferCode:
    SELLER = {"name": "Harbour\n& Pine", "bank_account": "DE89 3704 0044 0532 0130 00"}
    ONE = {"amount": Decimal("12.30"), "reference": "INV-2024-001"}

    def test_it_says_what_the_guideline_wants_line_by_line(self):
        content = transfer_content(Organisation(**self.SELLER, bic="COBADEFFXXX"), **self.ONE)

        assert content.split("\n") == [
            "BCD",
            "002",
            "1",
            "SCT",
            "COBADEFFXXX",
            "Harbour & Pine",
            "DE89370400440532013000",
            "EUR12.30",
            "",
            "",
            "INV-2024-001",
        ]

    @pytest.mark.parametrize(
        ("account", "amount"),
        [
            ("BR1800360305000010009795493C1", "12.30"),
            ("021000021", "12.30"),
            ("", "12.30"),
            (SELLER["bank_account"], "1000000000.00"),
            (SELLER["bank_account"], "0"),
        ],
    )
    def test_there_is_none_that_a_bank_would_refuse(self, account, amount):
        seller = Organisation(name="Us", bank_account=account)

        assert transfer_code(seller, amount=Decimal(amount), reference="1") is None

    def test_it_is_a_picture(self):
        assert transfer_code(Organisation(**self.SELLER), **self.ONE).startswith("<svg")


def test_a_day_is_written_out(db):
    invoice = factories.make_invoice(date=datetime.date(2024, 1, 5))
    assert "5 January 2024" in text_in(printing.invoice_pdf(invoice, seller=organisation()))
