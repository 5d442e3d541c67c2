"""How the example shows how far it has come."""

import io

from progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_log_gets_a_line_at_the_beginning_and_at_each_quarter():
    log = io.StringIO()
    assert list(Progress(log).follow("invoices", range(1000), 1000)) == list(range(1000))
    assert log.getvalue().splitlines() == [
        "invoices 0 of 1,000",
        "invoices 250 of 1,000",
        "invoices 500 of 1,000",
        "invoices 750 of 1,000",
        "invoices 1,000 of 1,000",
    ]


def test_a_terminal_gets_one_bar_that_grows_in_its_place():
    terminal = Terminal()
    list(Progress(terminal).follow("invoices", "ab", 2))
    assert terminal.getvalue() == (
        f"\rinvoices   {'░' * 30} 0 of 2"
        f"\rinvoices   {'█' * 15}{'░' * 15} 1 of 2"
        f"\rinvoices   {'█' * 30} 2 of 2\n"
    )


def test_nothing_to_do_shows_nothing():
    terminal = Terminal()
    assert list(Progress(terminal).follow("invoices", [], 0)) == []
    assert terminal.getvalue() == ""


def test_a_message_takes_the_bars_line():
    terminal, log = Terminal(), io.StringIO()
    Progress(terminal).tell("Waiting.")
    Progress(log).tell("Waiting.")
    assert terminal.getvalue() == "\r\x1b[KWaiting.\n"
    assert log.getvalue() == "Waiting.\n"
